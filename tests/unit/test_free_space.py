"""Free space: each file system once, and places that are not there yet."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from cluster.local import free_space
from cluster.local.free_space import free_spaces
from cluster.settings import Settings


def test_a_file_system_is_told_once_with_all_that_lies_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(free_space.tempfile, "gettempdir", lambda: str(tmp_path))
    settings = Settings(media_url=f"file://{tmp_path}/no/such%20media", var_dir=tmp_path / "var")

    (space,) = free_spaces(settings)

    assert space.what == "media, var, temporary files"
    assert space.path == tmp_path
    assert 0 < space.free_bytes <= shutil.disk_usage(tmp_path).total


def test_media_of_a_service_take_no_room_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage: Any = shutil.disk_usage(tmp_path)._replace(free=7)
    monkeypatch.setattr(free_space.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(free_space.shutil, "disk_usage", lambda _: usage)

    (space,) = free_spaces(Settings(media_url="s3://bucket/media", var_dir=tmp_path))

    assert (space.what, space.free_bytes) == ("var, temporary files", 7)
