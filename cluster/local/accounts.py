"""Chooses the user that PostgreSQL runs as when we are root, and directories that this user can reach.

PostgreSQL refuses to run as root. Reads users and permission bits; deliberately ignores access control lists.
"""

from __future__ import annotations

import os
import pwd
import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path

from cluster.local.errors import LocalStackError
from cluster.local.process.spawning import Account

CANDIDATES = ("postgres", "_postgres", "nobody")
"""Users to run as, in this order: of Debian's and Red Hat's package, of macOS, of every Unix."""

SYSTEM_BASE = Path("/var/lib/scenestream")
"""For data and programs in a place that the user cannot reach: /var/lib can be traversed by all users and is
kept across reboots.
"""


def account_for(data_dir: Path) -> Account | None:
    """The owner of existing data, else the first of CANDIDATES that exists; None unless we are root."""
    if os.geteuid() != 0:
        return None
    try:
        owner = data_dir.stat().st_uid
        if owner != 0:
            return _account(pwd.getpwuid(owner))
    except (FileNotFoundError, KeyError):
        pass  # no data yet, or data of a user that was deleted: choose one of the candidates
    for name in CANDIDATES:
        try:
            return _account(pwd.getpwnam(name))
        except KeyError:
            continue
    raise LocalStackError(
        "PostgreSQL does not run as root, and none of the users " + ", ".join(CANDIDATES) + " exists. "
        "Run as another user, make one of these, or give SCENESTREAM_POSTGRES_URL."
    )


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def can_reach(account: Account, path: Path) -> bool:
    """Whether `account` may enter `path` and every directory above it, by their permission bits."""
    resolved = path.resolve()
    for directory in (resolved, *resolved.parents):
        try:
            found = directory.stat()
        except FileNotFoundError:
            continue  # we will make it, and the directory above it is checked
        if found.st_uid == account.uid:
            allowed = found.st_mode & 0o100
        elif found.st_gid == account.gid:
            allowed = found.st_mode & 0o010
        else:
            allowed = found.st_mode & 0o001
        if not allowed:
            return False
    return True


def reachable_data_dir(wanted: Path, account: Account | None) -> Path:
    """`wanted` itself if the account can reach it, else a directory below SYSTEM_BASE that `wanted` links to.

    The usual reason is a checkout below /root. With the symbolic link the data are still found in var/.
    Raises LocalStackError for existing data that the account can no longer reach.
    """
    if account is None:
        return wanted
    if wanted.is_symlink():
        target = wanted.resolve()
        if target.is_relative_to(SYSTEM_BASE):
            _enterable(target.parent)
            return target
    if can_reach(account, wanted):
        return wanted
    if wanted.is_dir():
        raise LocalStackError(
            f"{wanted} can no longer be entered by the user {account.name}, as whom PostgreSQL runs. "
            f"Restore the permissions of the directories above it (chmod a+x), or move it away."
        )
    # A new random name: data whose link was deleted have another password and are left untouched.
    target = SYSTEM_BASE / uuid.uuid4().hex[:12] / wanted.name
    _enterable(target.parent)
    wanted.unlink(missing_ok=True)
    wanted.symlink_to(target)
    return target


def reachable_copy(base: Path, folders: Sequence[str], account: Account | None, label: str) -> Path:
    """`base` itself if the account can reach its `folders`, else a directory below SYSTEM_BASE with copies.

    The folders keep their relative paths, by which the programs find their libraries. Folders that do not
    exist are left out. `label` names the version, so each version is copied once.
    """
    wanted = [folder for folder in folders if (base / folder).is_dir()]
    if account is None or all(can_reach(account, base / folder) for folder in wanted):
        return base
    target = SYSTEM_BASE / "programs" / label
    if not target.is_dir():
        _enterable(target.parent)
        draft = target.with_name(f".{label}.{os.getpid()}")
        shutil.rmtree(draft, ignore_errors=True)
        for folder in wanted:
            shutil.copytree(base / folder, draft / folder, symlinks=True)
        for directory in (draft, *(path for path in draft.rglob("*") if path.is_dir())):
            directory.chmod(0o755)
        try:
            draft.rename(target)
        except OSError:
            shutil.rmtree(draft)  # another process has made the same copy in the meantime
            if not target.is_dir():
                raise
    return target


def _enterable(directory: Path) -> None:
    """Make `directory`, and open it and its parents below SYSTEM_BASE to all users (mode 0755)."""
    directory.mkdir(parents=True, exist_ok=True)
    for step in (directory, *directory.parents):
        if step.is_relative_to(SYSTEM_BASE):
            step.chmod(0o755)
