SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Of speech, and of what sentences mean. Everything but words and topics works without them, so where one cannot be
# fetched, setting up goes on.
MODELS := whisper-base e5-small
MODELS_THERE := $(MODELS:%=$(VENV)/share/scenestream/models/%/manifest.json)
BENCH_STAMP := $(VENV)/.installed-bench
# Whether tests that failed beside others are run once more, alone. Empty: no.
ALONE_TOO := yes

.PHONY: demo test test-loaded up down lint bench fit sbom setup clean
.DEFAULT_GOAL := setup

setup: $(STAMP) $(MODELS_THERE)

$(STAMP): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

$(MODELS_THERE): $(VENV)/share/scenestream/models/%/manifest.json: | $(STAMP)
	@$(BIN)/scenestream models add $* || \
	  echo 'setup: videos will lack words or topics until `scenestream models add $*` succeeds' >&2

system:
	@bash cluster/local/install_system.sh

demo: setup system
	@$(BIN)/python -m cluster.local.demo $(if $(VIDEO),'$(VIDEO)')

up: setup system
	@$(BIN)/scenestream up

down: $(STAMP)
	@$(BIN)/scenestream down

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: setup system
	@bash cluster/local/install_system.sh chromium ffmpeg nodejs
	@$(BIN)/python -m tests.support.axe
	@$(BIN)/python -m pytest -n 3 --dist loadfile $(TEST_ARGS) || { status=$$?; \
	  [ $$status = 1 ] && [ -n '$(ALONE_TOO)' ] || exit $$status; \
	  echo 'test: what failed beside other tests is run once more, alone; what passes now relies on time: mend it' >&2; \
	  $(BIN)/python -m pytest --last-failed --last-failed-no-failures none --maxfail 3 $(TEST_ARGS); }

# The same while two endless loops take the cores, and no second try: shows tests that rely on being served in time.
test-loaded: setup
	@for loop in 1 2; do (while :; do :; done) & loops="$$loops $$!"; done; trap "kill $$loops" EXIT; $(MAKE) test ALONE_TOO=

$(BENCH_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,bench]'
	@touch $@

bench: $(BENCH_STAMP)
	@bash cluster/local/install_system.sh ffmpeg
	$(BIN)/python -m tests.benchmarks $(BENCH_ARGS)

# What is installed, for those who must know: CycloneDX, and a list of licences.
sbom: setup
	$(BIN)/python -m cluster.local.bill_of_materials var/sbom.cdx.json
	$(BIN)/python -m cluster.local.bill_of_materials --licences var/licences.txt

fit: setup
	$(BIN)/python -m tests.benchmarks.fit $(FIT_ARGS)

clean: down
	rm -rf var build *.egg-info
