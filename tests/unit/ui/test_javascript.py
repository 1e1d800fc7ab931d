"""Runs the unit tests that are written in JavaScript, `*.test.js` beside this file, by Node's own runner."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.servers.private import missing

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.glob("*.test.js"))
LIMIT_S = 120.0

OPTION = "--experimental-default-type"


def module_option(node: str) -> list[str]:
    """Says that the page's files are ES modules, as no package.json does.

    Node from 22.7 on sees it by itself, and its newest versions no longer know the option.
    """
    asked = f"process.allowedNodeEnvironmentFlags.has('{OPTION}')"
    ran = subprocess.run([node, "-p", asked], capture_output=True, text=True, timeout=LIMIT_S, check=True)
    return [f"{OPTION}=module"] if ran.stdout.strip() == "true" else []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_node_passes(file: Path) -> None:
    """Each file has tests, and all of them pass."""
    node = shutil.which("node")
    if node is None:
        missing("No Node.js on the PATH; `make test` installs it.")
    command = [node or "", "--test", "--test-reporter=tap", *module_option(node or ""), str(file)]

    ran = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    counted = re.search(r"^# pass (\d+)$", ran.stdout, re.MULTILINE)
    assert counted is not None
    assert int(counted[1]) == len(re.findall(r"^test\(", file.read_text("utf-8"), re.MULTILINE)) > 0


def test_there_are_such_files() -> None:
    """The glob above is not empty: without this, moving the files would end the tests in silence."""
    assert FILES
