"""The videos that a command is called with: files, pipes, `-`; and the loop over them.

A pipe is read once, while decoding reads a file several times: what comes from it is copied to a temporary
file first, no more of it than a video may have bytes. Knows the command line and the library's errors; does
not know what is done with a video.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import typer
from rich.console import Console

from actors.segmentation import Limits, MediaError
from actors.segmentation.errors import MediaErrorCode, SettingsError
from cluster import terminal
from cluster.errors import UsageError

FAILED, WRONG_USAGE = 1, 2
"""Exit codes of all commands: the work failed; the command was called wrongly (as typer's own errors)."""

STDIN = "-"
_DESCRIPTOR = re.compile(r"/(?:dev/fd|proc/self/fd)/(\d{1,9})")
_BLOCK_BYTES = 1 << 20
"""Bytes copied from a pipe at a time: few system calls, little memory."""


@dataclass(frozen=True, slots=True)
class Input:
    """A video as the caller named it. name: of the file, for messages and for what is made of it; `stdin` or
    `pipe-63` where it has none; what is no UTF-8 in it is replaced, because documents could not hold it.
    descriptor: of a pipe that is open already; None: `word` is opened."""

    word: str
    name: str
    descriptor: int | None = None
    is_pipe: bool = False

    @property
    def stem(self) -> str:
        """The name without its extension."""
        return Path(self.name).stem

    @contextmanager
    def local(self, limits: Limits) -> Iterator[Path]:
        """A file with the video, for as long as the block lasts.

        MediaError when a pipe brings more than `limits.file_bytes`, UsageError when there is no room for it.
        """
        if not self.is_pipe:
            yield Path(self.word)
            return
        # the name's extension is kept, because it helps FFmpeg to recognise streams without a container
        with tempfile.NamedTemporaryFile(prefix="scenestream-", suffix=Path(self.name).suffix) as copy:
            with terminal.steps() as tell, self._pipe() as pipe:
                tell(f"reading {self.name}")
                _copy(pipe, copy, limits.file_bytes)
            yield Path(copy.name)

    def _pipe(self) -> IO[bytes]:
        if self.descriptor is None:
            return Path(self.word).open("rb")
        return os.fdopen(os.dup(self.descriptor), "rb")


def find_inputs(words: Sequence[str]) -> list[Input]:
    """What the words name, in their order. UsageError for what is neither a file nor a pipe."""
    found = [_input(word) for word in words]
    pipes = [one for one in found if one.is_pipe]
    named = {(one.descriptor if one.descriptor is not None else one.word) for one in pipes}
    if len(named) < len(pipes):
        raise UsageError("A pipe can be read once; name each one once.")
    return found


def targets(inputs: Sequence[Input], target: Callable[[Input], Path]) -> list[Path]:
    """Where what is made of each video is written. UsageError when two would be written to one place."""
    taken: dict[Path, Input] = {}
    for one in inputs:
        other = taken.setdefault(target(one), one)
        if other is not one:
            if other.word == one.word:
                raise UsageError(f"{one.word} is named twice; name it once.")
            raise UsageError(
                f"{other.word} and {one.word} would both be written to {target(one)}. Name them in two "
                "calls, each with a folder of its own."
            )
    return list(taken)


def for_each(inputs: Sequence[Input], limits: Limits, work: Callable[[Input, Path], None]) -> None:
    """Call `work` with each video and a file that has it; one that fails does not stop the others.

    Each failure is told with the video's name. Ends the command with the exit code FAILED if there was one.
    """
    failed = 0
    for one in inputs:
        try:
            with one.local(limits) as path:
                work(one, path)
        except (MediaError, SettingsError, UsageError, OSError) as error:
            say(f"{one.word}: {error}")
            failed += 1
    if failed and len(inputs) > 1:
        say(f"{failed} of {len(inputs)} files failed.")
    if failed:
        raise typer.Exit(FAILED)


def say(message: str) -> None:
    """Print a line on stderr."""
    Console(stderr=True).print(message, markup=False, highlight=False, soft_wrap=True)


def stop(message: str, code: int) -> typer.Exit:
    """Print the message on stderr; returns the exception to raise, which ends the command with this code."""
    say(message)
    return typer.Exit(code)


def _input(word: str) -> Input:
    if word in (STDIN, "/dev/stdin"):
        return _of_descriptor(word, 0, "stdin")
    if opened := _DESCRIPTOR.fullmatch(word):  # the shell's <(command)
        return _of_descriptor(word, int(opened[1]), f"pipe-{opened[1]}")
    path = Path(word)
    name = os.fsencode(path.name).decode("utf-8", "replace")
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise UsageError(f"No such file: {word}") from error
    except OSError:
        return Input(word, name)  # opening it will fail with the reason
    if stat.S_ISREG(mode):
        return Input(word, name)
    if stat.S_ISFIFO(mode):
        return Input(word, name, is_pipe=True)
    kind = "folder" if stat.S_ISDIR(mode) else "device"
    raise UsageError(f"{word} is a {kind}; name files, pipes, or - for what is piped in.")


def _of_descriptor(word: str, descriptor: int, name: str) -> Input:
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError as error:
        raise UsageError(f"No such file: {word}") from error
    if stat.S_ISREG(mode):  # `< film.mp4`: the file itself can be read again and again, and needs no copy
        real = Path(os.path.realpath(f"/dev/fd/{descriptor}"))
        if real.is_file() and os.path.samestat(real.stat(), os.fstat(descriptor)) and real.parts[1] != "dev":
            return Input(str(real), name)
    elif not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        raise UsageError(f"{word}: nothing is piped in. Pipe a video: cat film.ts | scenestream segment -")
    return Input(word, name, descriptor, is_pipe=True)


def _copy(pipe: IO[bytes], copy: IO[bytes], max_bytes: int) -> None:
    count = 0
    while block := pipe.read(_BLOCK_BYTES):
        count += len(block)
        if count > max_bytes:
            raise MediaError(
                MediaErrorCode.LIMIT_EXCEEDED,
                f"The pipe brought more than the {max_bytes} bytes that limits.file_bytes allows.",
            )
        _write(copy, block)


def _write(copy: IO[bytes], block: bytes) -> None:
    try:
        copy.write(block)
        copy.flush()
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise UsageError(
            f"{tempfile.gettempdir()} has no room for what is piped in; set TMPDIR to another folder."
        ) from error
