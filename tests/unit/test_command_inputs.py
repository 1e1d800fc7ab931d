"""What the words of `segment` and `split` name: files, pipes, stdin; and how a pipe becomes a file."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest
import typer

from actors.commands.inputs import Input, find_inputs, for_each, targets
from actors.segmentation import Limits, MediaError
from cluster.errors import UsageError

CONTENT = bytes(range(256)) * 20_000
"""5 MB: far more than a pipe holds, so that the writer waits for the reader."""


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """A named pipe into which CONTENT is written as soon as it is opened."""
    path = tmp_path / "film.ts"
    os.mkfifo(path)

    def write() -> None:
        with suppress(BrokenPipeError):  # the reader had enough
            path.write_bytes(CONTENT)

    threading.Thread(target=write, daemon=True).start()
    return path


def test_a_file_is_read_where_it_is(tmp_path: Path) -> None:
    file = tmp_path / "film.mp4"
    file.write_bytes(b"film")

    (found,) = find_inputs([str(file)])

    assert (found.name, found.stem) == ("film.mp4", "film")
    with found.local(Limits()) as path:
        assert path == file


def test_a_pipe_is_copied_to_a_file_that_is_gone_afterwards(pipe: Path) -> None:
    (found,) = find_inputs([str(pipe)])

    assert (found.name, found.stem) == ("film.ts", "film")
    with found.local(Limits()) as path:
        assert path.suffix == ".ts"
        assert path.read_bytes() == CONTENT
    assert not path.exists()


def test_of_a_pipe_no_more_is_taken_than_a_video_may_have(pipe: Path) -> None:
    (found,) = find_inputs([str(pipe)])

    with (
        pytest.raises(MediaError, match="1000000 bytes") as refused,
        found.local(Limits(file_bytes=1_000_000)),
    ):
        pass
    assert refused.value.code == "limit_exceeded"


def test_a_full_disk_says_where_and_what_helps(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    monkeypatch.setattr("tempfile.NamedTemporaryFile", lambda **_: full.open("wb", buffering=0))
    (found,) = find_inputs([str(pipe)])

    with pytest.raises(UsageError, match="TMPDIR"), found.local(Limits()):
        pass


PROGRAM = """
import sys
from actors.commands.inputs import find_inputs
from actors.segmentation import Limits
(found,) = find_inputs(sys.argv[1:])
with found.local(Limits()) as path:
    print(found.name, found.is_pipe, len(path.read_bytes()))
"""


def run(command: str) -> str:
    """What PROGRAM prints, which the shell calls `$RUN`."""
    env = {**os.environ, "PYTHON": sys.executable, "PROGRAM": PROGRAM}
    full = command.replace("RUN", '"$PYTHON" -c "$PROGRAM"')
    return subprocess.run(
        ["bash", "-c", full], capture_output=True, text=True, env=env, timeout=120, check=True
    ).stdout.strip()


@pytest.mark.parametrize("word", ["-", "/dev/stdin"])
def test_what_is_piped_in_is_read(word: str) -> None:
    assert run(f"head -c 3000000 /dev/zero | RUN {word}") == "stdin True 3000000"


def test_what_a_shell_substitutes_is_read() -> None:
    name, *rest = run("RUN <(head -c 3000000 /dev/zero)").split()

    assert name.startswith("pipe-")
    assert rest == ["True", "3000000"]


def test_a_file_that_stdin_comes_from_needs_no_copy(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(CONTENT)

    assert run(f"RUN - < {tmp_path}/film.mp4") == f"stdin False {len(CONTENT)}"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["none.mp4"], "No such file: none.mp4"),
        (["."], "folder"),
        (["/dev/null"], "device"),
        (["/dev/fd/987"], "No such file"),
        (["/dev/fd/99999999999999999999"], "No such file"),
    ],
)
def test_what_is_no_video_is_refused_before_any_work(words: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        find_inputs(words)


def test_a_pipe_is_named_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(UsageError, match="once"):
        find_inputs([str(tmp_path / "pipe")] * 2)


def test_two_videos_are_not_written_to_one_place() -> None:
    inputs = [Input("a/film.mp4", "film.mp4"), Input("b/film.mov", "film.mov"), Input("c.mov", "c.mov")]

    with pytest.raises(UsageError, match=r"a/film.mp4 and b/film.mov would both be written to out/film"):
        targets(inputs, lambda one: Path("out", one.stem))
    assert targets(inputs[1:], lambda one: Path("out", one.stem)) == [Path("out/film"), Path("out/c")]


def test_what_fails_does_not_stop_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    inputs = [Input(word, word) for word in ("a", "b", "c", "d")]
    done = []

    def work(one: Input, _path: Path) -> None:
        if one.word == "b":
            raise MediaError("not_media", "This is not a video.")
        if one.word == "c":
            raise OSError(5, "Input/output error")
        done.append(one.word)

    with pytest.raises(typer.Exit) as ended:
        for_each(inputs, Limits(), work)

    assert ended.value.exit_code == 1
    assert done == ["a", "d"]
    assert capsys.readouterr().err.splitlines() == [
        "b: This is not a video.",
        "c: [Errno 5] Input/output error",
        "2 of 4 files failed.",
    ]


def test_when_nothing_fails_the_command_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    for_each([Input("a", "a")], Limits(), lambda _one, _path: None)

    assert capsys.readouterr().err == ""
