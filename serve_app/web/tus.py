"""Parses and writes the headers of the upload protocol tus 1.0.0 (https://tus.io/protocols/resumable-upload).

The core and the extensions creation, creation-with-upload, termination, checksum and expiration. Knows no
store.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from datetime import datetime
from email.utils import format_datetime

from serve_app.web.problems import Problem

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,checksum,expiration"
CHECKSUMS = ("sha1", "sha256")
PART_TYPE = "application/offset+octet-stream"
VIDEO_ID_HEADER = "Scenestream-Video-Id"
METHOD_OVERRIDE = "X-HTTP-Method-Override"
MAX_METADATA_BYTES = 64 << 10  # of the header Upload-Metadata
_NUMBER = re.compile(r"[0-9]{1,19}")
MAX_LENGTH = 2**63 - 1  # bytes: the largest number of a signed 64-bit column of PostgreSQL

RESUMABLE = {"Tus-Resumable": VERSION}


def require_version(given: str | None) -> None:
    """Raises Problem `tus_version` (412) unless the header Tus-Resumable has the value VERSION."""
    if given != VERSION:
        raise Problem(
            "tus_version",
            f"Send the header Tus-Resumable: {VERSION}.",
            headers={"Tus-Version": VERSION},
        )


def whole_number(name: str, given: str | None) -> int:
    """The value of a header that must be a whole number of bytes. Problem `bad_request` otherwise."""
    if given is None or not _NUMBER.fullmatch(given) or int(given) > MAX_LENGTH:
        raise Problem("bad_request", f"The header {name} must be a whole number of bytes.")
    return int(given)


def parse_metadata(header: str) -> dict[str, str]:
    """The pairs of `Upload-Metadata`, their base64 values decoded. Problem `bad_request` for another form."""
    found: dict[str, str] = {}
    wrong = Problem(
        "bad_request",
        "Upload-Metadata is `key base64(value)` pairs separated by commas, the values UTF-8, at most "
        f"{MAX_METADATA_BYTES} bytes.",
    )
    if not header.strip():
        return found
    if len(header) > MAX_METADATA_BYTES:
        raise wrong
    for pair in header.split(","):
        key, _, value = pair.strip().partition(" ")
        if not key or key in found:
            raise wrong
        try:
            found[key] = base64.b64decode(value.strip(), validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            raise wrong from None
        if "\x00" in key + found[key]:  # PostgreSQL keeps no text with it
            raise wrong
    return found


def check_checksum(header: str | None, data: bytes | bytearray) -> None:
    """Compares `Upload-Checksum: algorithm base64(digest)` with the digest of `data`.

    Raises Problem `bad_checksum_header` (400) for another algorithm or a digest that cannot be one,
    `checksum_mismatch` (460) when the bytes differ; they are then not stored.
    """
    if header is None:
        return
    algorithm, _, encoded = header.strip().partition(" ")
    try:
        digest = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if algorithm not in CHECKSUMS or not digest:
        raise Problem(
            "bad_checksum_header",
            f"Upload-Checksum is one of {', '.join(CHECKSUMS)}, a space and the digest in base64.",
            headers=RESUMABLE,
        )
    # SHA-1 is what the protocol demands of every server; it guards against broken wires, not against people.
    if hashlib.new(algorithm, data, usedforsecurity=False).digest() != digest:
        raise Problem("checksum_mismatch", "The part was damaged on its way; send it again.")


def expires(at: datetime) -> str:
    """The value of `Upload-Expires` for a UTC time: a date in the format of RFC 9110."""
    return format_datetime(at, usegmt=True)
