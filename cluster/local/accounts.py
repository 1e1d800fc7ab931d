"""Which user a server runs as when we are root, and whether that user can get where it must.

PostgreSQL refuses to run as root. Knows users and permission bits; deliberately knows no access control
lists.
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
# Traversable for every user on every system we know, and kept across reboots.
SYSTEM_BASE = Path("/var/lib/scenestream")


def account_for(data_dir: Path) -> Account | None:
    """None unless we are root; else the owner of existing data, else a user made for having no rights."""
    if os.geteuid() != 0:
        return None
    try:
        owner = data_dir.stat().st_uid
        if owner != 0:
            return _account(pwd.getpwuid(owner))
    except (FileNotFoundError, KeyError):
        pass  # no data yet, or data of a user that is no more: choose anew below
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
            continue  # to be made by us, below a directory that is checked
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
    """`wanted` itself if the account can get there, else a place below /var/lib that `wanted` links to.

    A checkout below /root is the usual reason. The link keeps the data findable from var/.
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
    # A name never used before: data whose link was deleted belong to another password, and stay untouched.
    target = SYSTEM_BASE / uuid.uuid4().hex[:12] / wanted.name
    _enterable(target.parent)
    wanted.unlink(missing_ok=True)
    wanted.symlink_to(target)
    return target


def reachable_copy(base: Path, folders: Sequence[str], account: Account | None, label: str) -> Path:
    """`base` itself if the account can get to its `folders`, else a place below /var/lib with copies of them.

    The folders keep their places relative to each other, since programs find their libraries by that. Folders
    that do not exist are passed over. `label` names the version: it is copied once.
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
            shutil.rmtree(draft)  # another process was faster, and made the same copy
            if not target.is_dir():
                raise
    return target


def _enterable(directory: Path) -> None:
    """Make `directory`, and let everybody pass through what we own of the way there."""
    directory.mkdir(parents=True, exist_ok=True)
    for step in (directory, *directory.parents):
        if step.is_relative_to(SYSTEM_BASE):
            step.chmod(0o755)
