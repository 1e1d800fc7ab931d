"""Parses a multipart upload while it arrives, so that no file is ever whole in memory.

RFC 7578 on top of the push parser of `python-multipart`. The caller pulls the file's bytes block by block;
nothing is read from the client until it does. Knows no store and no video.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from serve_app.web.problems import Problem

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

FILE_FIELD = "file"
BLOCK_BYTES = 1 << 20  # of the file, handed to the store at a time: few thread switches, little memory
MAX_FIELD_BYTES = 64 << 10  # `settings` is a small JSON object
MAX_FIELDS = 16  # parts of a form, the file included
FORM_OVERHEAD_BYTES = MAX_FIELDS * MAX_FIELD_BYTES  # most bytes of a body beside those of the file

_BROKEN = "The multipart body ends early or is not well formed; send it again (curl: -F file=@film.mp4)."


@dataclass(slots=True)
class _FormPart:
    name: str = ""
    filename: str | None = None
    disposition: str = ""
    value: bytearray = field(default_factory=bytearray)


class FormReader:
    """Reads one multipart body: `find_file`, then `next_block` until b"", then `finish`.

    `fields` holds the other form fields read so far (UTF-8 text). Every method raises `Problem`
    (`bad_multipart`, `too_large`, `unsupported_media_type`) when the body cannot be used.
    """

    def __init__(self, content_type: str | None, body: AsyncIterator[bytes], max_file_bytes: int) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not boundary:
            raise Problem(
                "unsupported_media_type",
                "Send multipart/form-data with the field `file`, or application/json with `url`.",
            )
        self.fields: dict[str, str] = {}
        self.filename = ""
        self.file_bytes = 0
        self._max_file_bytes = max_file_bytes
        self._body = body
        self._block = bytearray()
        self._part = _FormPart()
        self._header = (bytearray(), bytearray())
        self._parts = 0
        self._file_found = False
        self._file_ended = False
        self._complete = False
        callbacks: MultipartCallbacks = {
            "on_part_begin": self._on_part_begin,
            "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers_finished,
            "on_part_data": self._on_part_data,
            "on_part_end": self._on_part_end,
            "on_end": self._on_end,
        }
        try:
            self._parser = MultipartParser(boundary, callbacks)
        except FormParserError as error:
            raise Problem("bad_multipart", f"{_BROKEN} ({error})") from error

    async def find_file(self) -> bool:
        """Read up to the file's first bytes; False when the body ended without a file."""
        while not self._file_found and not self._complete:
            await self._read_more()
        return self._file_found

    async def next_block(self) -> bytes:
        """The file's next bytes, about BLOCK_BYTES of them; b"" at its end."""
        while len(self._block) < BLOCK_BYTES and not self._file_ended:
            await self._read_more()
        block = bytes(self._block)
        self._block.clear()
        return block

    async def finish(self) -> None:
        """Read what follows the file; `fields` is complete afterwards."""
        while not self._complete:
            await self._read_more()

    async def _read_more(self) -> None:
        try:
            chunk = await anext(self._body)
        except StopAsyncIteration:
            raise Problem("bad_multipart", _BROKEN) from None
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise Problem("bad_multipart", f"{_BROKEN} ({error})") from error

    def _on_part_begin(self) -> None:
        self._parts += 1
        if self._parts > MAX_FIELDS:
            raise Problem("bad_multipart", f"A form has at most {MAX_FIELDS} fields here.")
        self._part = _FormPart()

    def _on_header_end(self) -> None:
        name, value = (bytes(side) for side in self._header)
        if name.strip().lower() == b"content-disposition":
            _, options = parse_options_header(value.decode("latin-1"))
            self._part.name = options.get(b"name", b"").decode("utf-8", "replace")
            if b"filename" in options:
                self._part.filename = options[b"filename"].decode("utf-8", "replace")
        for side in self._header:
            side.clear()

    def _on_headers_finished(self) -> None:
        if not self._part.name:
            raise Problem("bad_multipart", "Every part of the form needs a name in its Content-Disposition.")
        if self._part.name != FILE_FIELD:
            return
        if self._file_found:
            raise Problem("bad_multipart", "Send one file a request; the field `file` came twice.")
        self._file_found = True
        self.filename = self._part.filename or ""

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._part.name == FILE_FIELD:
            self.file_bytes += end - start
            if self.file_bytes > self._max_file_bytes:
                raise too_large_for_one_post(self._max_file_bytes)
            self._block += data[start:end]
            return
        if len(self._part.value) + end - start > MAX_FIELD_BYTES:
            raise Problem("too_large", f"The form field `{self._part.name}` is over {MAX_FIELD_BYTES} bytes.")
        self._part.value += data[start:end]

    def _on_part_end(self) -> None:
        if self._part.name == FILE_FIELD:
            self._file_ended = True
            return
        try:
            self.fields[self._part.name] = self._part.value.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Problem("bad_multipart", f"The form field `{self._part.name}` is not UTF-8.") from error

    def _on_end(self) -> None:
        self._complete = True


def too_large_for_one_post(max_file_bytes: int) -> Problem:
    """The Problem for a file that is too large for one POST and must be sent in parts."""
    return Problem(
        "too_large",
        f"One POST carries at most {max_file_bytes} bytes. Send larger files in parts to /uploads (tus 1.0, "
        "resumable): `scenestream submit FILE` or any tus client does it.",
    )
