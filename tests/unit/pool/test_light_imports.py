"""Processes that run no network are small: they do not import PyTorch, which takes half a gigabyte."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module",
    [
        "actors.bridge.actor",
        "actors.pool.actor",
        "actors.worker.fuser",
        "actors.worker.library",  # the fuser's, too: it loads no networks
        "serve_app.app",
    ],
)
def test_torch_is_not_imported(module: str) -> None:
    program = f"import sys, {module}; sys.exit('torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], timeout=300, check=False).returncode == 0
