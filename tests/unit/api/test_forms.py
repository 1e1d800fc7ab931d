"""Multipart bodies taken apart as they arrive, however they are cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve_app.web.forms import BLOCK_BYTES, FORM_OVERHEAD_BYTES, MAX_FIELD_BYTES, MAX_FIELDS, FormReader
from serve_app.web.problems import Problem

KIND = "multipart/form-data; boundary=frontier"


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    disposition = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename is not None else "")
    return f"--frontier\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + content + b"\r\n"


def body(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--frontier--\r\n"


def read(
    sent: bytes, sizes: list[int] | None = None, max_bytes: int = 1 << 30
) -> tuple[FormReader, list[bytes]]:
    """The form after everything was read, and the blocks of its file; the body comes in pieces of `sizes`."""

    async def pieces() -> AsyncIterator[bytes]:
        at = 0
        for size in sizes or []:
            yield sent[at : at + size]
            at += size
        yield sent[at:]

    async def run() -> tuple[FormReader, list[bytes]]:
        form = FormReader(KIND, pieces(), max_bytes)
        blocks = []
        if await form.find_file():
            while block := await form.next_block():
                blocks.append(block)
        await form.finish()
        return form, blocks

    return asyncio.run(run())


@given(
    content=st.binary(max_size=300),
    sizes=st.lists(st.integers(min_value=0, max_value=40), max_size=30),
)
def test_the_file_is_the_same_however_the_body_is_cut(content: bytes, sizes: list[int]) -> None:
    sent = body(part("preset", b"film"), part("file", content, "a.mp4"), part("settings", b"{}"))

    form, blocks = read(sent, sizes)

    assert b"".join(blocks) == content
    assert form.file_bytes == len(content)
    assert form.filename == "a.mp4"
    assert form.fields == {"preset": "film", "settings": "{}"}


def test_content_that_looks_like_a_boundary() -> None:
    content = b"\r\n--frontie\r\n--frontierX--\r\n\r\n--fron" * 50

    _, blocks = read(body(part("file", content, "a")), [1] * 500)

    assert b"".join(blocks) == content


def test_large_files_come_in_blocks_of_bounded_size() -> None:
    content = bytes(5 * BLOCK_BYTES + 3)

    _, blocks = read(body(part("file", content, "a")), [65536] * 100)

    assert b"".join(blocks) == content
    assert max(map(len, blocks)) <= BLOCK_BYTES + 65536


def test_a_form_without_a_file_is_read_to_its_end() -> None:
    form, blocks = read(body(part("preset", b"film")))

    assert blocks == []
    assert form.fields == {"preset": "film"}


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"", "bad_multipart"),
        (b"--frontier\r\n", "bad_multipart"),
        (part("file", b"x", "a"), "bad_multipart"),
        (body(part("file", b"x", "a"), part("file", b"y", "b")), "bad_multipart"),
        (body(part("", b"x")), "bad_multipart"),
        (body(part("preset", b"\xff\xfe")), "bad_multipart"),
        (body(*(part(f"f{number}", b"") for number in range(MAX_FIELDS + 1))), "bad_multipart"),
        (body(part("settings", bytes(MAX_FIELD_BYTES + 1))), "too_large"),
        (b"--frontier\r\n" + b"X-Header: " + b"a" * 100_000, "bad_multipart"),
    ],
)
def test_a_form_that_cannot_be_used(sent: bytes, code: str) -> None:
    with pytest.raises(Problem) as refused:
        read(sent, [100] * 50)

    assert refused.value.code == code


def test_a_file_over_the_limit_is_refused_at_the_first_byte_too_many() -> None:
    read(body(part("file", bytes(1000), "a")), max_bytes=1000)
    with pytest.raises(Problem) as refused:
        read(body(part("file", bytes(1001), "a")), max_bytes=1000)

    assert refused.value.code == "too_large"
    assert "/uploads" in refused.value.detail


def test_the_announced_length_leaves_room_for_every_field() -> None:
    assert FORM_OVERHEAD_BYTES >= MAX_FIELDS * MAX_FIELD_BYTES


@pytest.mark.parametrize(
    "kind", [None, "", "text/plain", "multipart/form-data", "multipart/mixed; boundary=x"]
)
def test_other_kinds_of_body(kind: str | None) -> None:
    async def nothing() -> AsyncIterator[bytes]:
        yield b""

    with pytest.raises(Problem) as refused:
        FormReader(kind, nothing(), 1)

    assert refused.value.code == "unsupported_media_type"


def test_a_boundary_beyond_reason() -> None:
    async def nothing() -> AsyncIterator[bytes]:
        yield b""

    with pytest.raises(Problem) as refused:
        FormReader(f"multipart/form-data; boundary={'x' * 5000}", nothing(), 1)

    assert refused.value.code == "bad_multipart"
