#!/usr/bin/env bash
# Installs the system packages that are missing, through the machine's package manager. Does nothing, quickly,
# if nothing is missing.
#
#   install_system.sh                           RabbitMQ, which no Python package brings
#   install_system.sh chromium ffmpeg nodejs    what the tests need besides
#
# RabbitMQ is installed for its programs: the system's own node is neither started nor enabled.
set -euo pipefail

export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/opt/homebrew/bin:/opt/homebrew/sbin:/usr/local/bin"
POLICY=/usr/sbin/policy-rc.d
policy_is_ours=no

say() { printf '%s\n' "install_system: $*" >&2; }
fail() { say "$*"; exit 1; }

is_there() {
  case "$1" in
    rabbitmq-server)
      [ -n "${SCENESTREAM_RABBITMQ_URL:-}" ] || [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] ||
        [ -x /opt/homebrew/opt/rabbitmq/sbin/rabbitmq-server ] ||
        [ -x /usr/local/opt/rabbitmq/sbin/rabbitmq-server ] || command -v rabbitmq-server >/dev/null ;;
    chromium)
      command -v chromium-headless-shell >/dev/null || { browser_is_there && ! root_can_have_shell; } ;;
    ffmpeg) command -v ffmpeg >/dev/null ;;
    nodejs) command -v node >/dev/null ;;
    *) fail "unknown name '$1'; known are rabbitmq-server, chromium, ffmpeg, nodejs" ;;
  esac
}

browser_is_there() {
  command -v chromium >/dev/null || command -v chromium-browser >/dev/null ||
    command -v google-chrome >/dev/null || [ -d "/Applications/Chromium.app" ] ||
    [ -d "/Applications/Google Chrome.app" ]
}

# Chromium without windows: the same engine, but a page opens in a fifth of the time. Nobody who has a browser is
# asked for a password for its sake.
apt_has_shell() { command -v apt-cache >/dev/null && apt-cache show chromium-headless-shell >/dev/null 2>&1; }
root_can_have_shell() { [ "$(id -u)" = 0 ] && apt_has_shell; }

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    say "sudo $*"
    sudo "$@"
  else
    fail "needs root for: $*   (no sudo here; run it as root, then start again)"
  fi
}

# Debian's maintainer scripts start a service at once unless this file forbids it (invoke-rc.d, policy-rc.d).
forbid_services() {
  [ -e "$POLICY" ] && return
  as_root sh -c "printf '#!/bin/sh\nexit 101\n' > $POLICY && chmod 755 $POLICY"
  policy_is_ours=yes
}
allow_services() {
  if [ "$policy_is_ours" = yes ]; then
    as_root rm -f "$POLICY"
    policy_is_ours=no
  fi
}

with_apt() {
  trap allow_services EXIT
  forbid_services
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  local names=() name
  for name in "$@"; do
    [ "$name" = chromium ] && apt_has_shell && name=chromium-headless-shell
    names+=("$name")
  done
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${names[@]}"
  allow_services
  trap - EXIT
}

with_dnf() {
  local names=() name
  for name in "$@"; do
    [ "$name" = ffmpeg ] && name=ffmpeg-free
    names+=("$name")
  done
  as_root dnf install -y -q "${names[@]}"
}

with_brew() {
  local name
  for name in "$@"; do
    case "$name" in
      rabbitmq-server) brew install --quiet rabbitmq ;;
      chromium) brew install --quiet --cask chromium ;;
      nodejs) brew install --quiet node ;;
      *) brew install --quiet "$name" ;;
    esac
  done
}

main() {
  local missing=() name manager
  for name in "${@:-rabbitmq-server}"; do
    is_there "$name" || missing+=("$name")
  done
  [ "${#missing[@]}" -eq 0 ] && return

  for manager in apt-get dnf brew; do
    command -v "$manager" >/dev/null && break
    manager=
  done
  if [ -z "$manager" ]; then
    fail "missing: ${missing[*]}. No apt-get, dnf or brew here: install them yourself and start again." \
      "RabbitMQ can be replaced by SCENESTREAM_RABBITMQ_URL=amqp://…"
  fi
  say "installing with $manager: ${missing[*]}"
  case "$manager" in
    apt-get) with_apt "${missing[@]}" ;;
    dnf) with_dnf "${missing[@]}" ;;
    brew) with_brew "${missing[@]}" ;;
  esac

  for name in "${missing[@]}"; do
    is_there "$name" || fail "$manager installed $name, but its program is not found"
    if [ "$name" = rabbitmq-server ] && [ -d /run/systemd/system ]; then
      as_root systemctl disable --quiet rabbitmq-server || say "the system's RabbitMQ stays enabled"
    fi
  done
}

main "$@"
