"""`scenestream --version`: the installed version, without the modules of the commands."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version

from typer.testing import CliRunner

from cluster.cli import build

RUN = """
import json, sys
from cluster.cli import main
sys.argv = ["scenestream", *json.loads(sys.argv[1])]
try:
    main()
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""
LINE = f"scenestream {version('scenestream')}\n"


def run(*words: str) -> tuple[int, str, set[str]]:
    """Exit code, standard output and loaded modules of the program in a process of its own."""
    command = [sys.executable, "-c", RUN, json.dumps(words)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return ended.returncode, ended.stdout, set(json.loads(ended.stderr.splitlines()[-1]))


def test_the_version_is_printed_without_loading_a_command() -> None:
    code, printed, modules = run("--version")

    assert (code, printed) == (0, LINE)
    assert {name for name in modules if name.startswith("cluster.")} == {"cluster.cli", "cluster.errors"}
    assert modules & {"actors", "ray", "torch", "numpy", "httpx", "psycopg", "pydantic"} == set()


def test_the_version_stands_in_the_help_and_before_a_command() -> None:
    assert "--version" in CliRunner().invoke(build("status"), ["--help"]).stdout
    assert CliRunner().invoke(build("status"), ["--version", "status"]).stdout == LINE


def test_a_command_does_not_take_the_option() -> None:
    result = CliRunner().invoke(build("status"), ["status", "--version"])

    assert result.exit_code == 2
