"""What documents tell to type can be typed: commands, options, targets, modules, addresses, methods."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from cluster import cli
from cluster.client import Client
from cluster.contract.protocol import API_PREFIX
from tests.support.documents import ROOT, code_blocks, codes, documents, prose, read, section, table
from tests.support.openapi import operations

ALL = [str(path.relative_to(ROOT)) for path in documents()]
PROGRAM: Any = typer.main.get_command(cli.build())
SHELLS = ("sh", "bash")


def command_of(words: list[str]) -> Any:
    """The command that a line's words name; LookupError if there is none."""
    command: Any = PROGRAM
    for word in words:
        if not isinstance(command, TyperGroup) or word.startswith("-"):
            break
        if word not in command.commands:
            raise LookupError(f"there is no command {word}")
        command = command.commands[word]
    return command


def options_of(command: Any) -> set[str]:
    found = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
    return found | {"--help"}


def shell_lines(text: str) -> Iterator[str]:
    """Commands of the fenced blocks, continued lines joined, comments left out."""
    for block in (block for shell in SHELLS for block in code_blocks(text, shell)):
        joined = re.sub(r"\\\n\s*", " ", block)
        yield from (re.sub(r"\s#\s.*| {2,}# .*", "", line) for line in joined.splitlines())


def typed(text: str) -> Iterator[list[str]]:
    """The words after each `scenestream` that somebody is told to type, in blocks and between backticks."""
    for line in (*shell_lines(text), *(code for code in codes(prose(text)) if " " in code)):
        for words in re.findall(r"(?<!-n )(?<!\w)scenestream ([a-z][^|&;>]*)", line):  # -n: a namespace
            yield [word.strip("\"'") for word in words.split()]


def test_the_table_has_every_command_with_options_that_it_has() -> None:
    named = set()
    for calls, _ in table(section(read("README.md"), "The command line")):
        first, *others = (code.replace("\\|", "|") for code in codes(calls))
        words = first.removeprefix("scenestream ").split()
        command = command_of(words)
        assert set(re.findall(r"(?<!\w)--?[a-z][\w-]*", first)) <= options_of(command), first
        if command is PROGRAM:  # `--version`
            continue
        named.add(words[0])
        group = PROGRAM.commands[words[0]]
        for other in others:  # `list` beside `scenestream keys create`, `down` beside `scenestream status`
            if isinstance(group, TyperGroup):
                assert other.split()[0] in group.commands
            else:
                named.add(other)

    assert named == set(PROGRAM.commands)


@pytest.mark.parametrize("name", ALL)
def test_commands_have_the_options_that_they_are_given(name: str) -> None:
    wrong = []
    for words in typed(read(name)):
        plain = [word for word in words if re.fullmatch(r"[a-z]+", word)]
        given = {word.partition("=")[0] for word in words if re.fullmatch(r"--?[a-z][\w-]*(=\S*)?", word)}
        if given - options_of(command_of(plain)):
            wrong.append(" ".join(words))

    assert wrong == []


@pytest.mark.parametrize("name", ALL)
def test_targets_of_make_are_there(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = read(name)
    said = [*shell_lines(text), *codes(prose(text))]
    named = {
        target
        for words in (re.findall(r"^make ((?:[a-z]+ ?)+)", line) for line in said)
        for target in " ".join(words).split()
    }

    assert named <= targets


@pytest.mark.parametrize("name", ALL)
def test_modules_that_are_run_are_there(name: str) -> None:
    text = read(name)
    named = set()
    for line in (*shell_lines(text), *codes(prose(text))):
        named |= set(re.findall(r"python -m ([\w.]+)", line))

    assert [module for module in named if find_spec(module) is None] == []


@pytest.mark.parametrize("name", ALL)
def test_addresses_are_those_of_the_api(name: str) -> None:
    wrong = []
    for line in shell_lines(read(name)):
        for path in re.findall(rf"(?:\$API|{API_PREFIX})(/[^\s\"'?]*)", line):
            filled = re.sub(r"\$[A-Z]+", "0" * 32, path)
            if not any(call.pattern.fullmatch(filled) for call in operations()):
                wrong.append(path)

    assert wrong == []


@pytest.mark.parametrize("name", ALL)
def test_python_can_be_read_and_the_client_has_its_methods(name: str) -> None:
    for block in code_blocks(read(name), "python"):
        for node in ast.walk(ast.parse(textwrap.dedent(block))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert node.value.id != "client" or hasattr(Client, node.attr), node.attr


def test_what_is_wrong_is_found() -> None:
    (words,) = typed("```sh\n.venv/bin/scenestream segment film.mp4 --jsn a.json   # everything\n```\n")

    assert words == ["segment", "film.mp4", "--jsn", "a.json"]
    assert "--jsn" not in options_of(command_of(words[:1]))
    with pytest.raises(LookupError):
        command_of(["segmnt"])
