"""The requests of the S3 API that Scenestream uses, one method each, through boto3.

Raises FileNotFoundError for a missing key, upload or bucket, PermissionError where the server refuses the
credentials, and DRIVER_ERRORS otherwise. Does not know the grid of an upload's parts.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, IncompleteReadError
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

_T = TypeVar("_T")

DRIVER_ERRORS = (OSError, BotoCoreError, ResponseParserError, HTTPError)
"""The store refuses a request, breaks off or does not answer, or no credentials were found."""

_MISSING = frozenset({"NoSuchKey", "NoSuchBucket", "NoSuchUpload", "NoSuchVersion", "404"})
_REFUSED = frozenset({"AccessDenied", "ExpiredToken", "403"})
_FORBIDDEN = 403

# botocore retries requests itself, but not one whose answer breaks off or cannot be parsed.
_AGAIN = (HTTPClientError, IncompleteReadError, ResponseParserError, HTTPError)
_AGAIN_CODES = frozenset({"SlowDown", "XAmzContentSHA256Mismatch"})
_AGAIN_AFTER_S = 0.1  # seconds; no measurement: botocore has waited before, in its own retries

_CONNECTIONS_KEPT = 64  # in the connection pool for reuse; more are opened where more threads need one
_DELETED_AT_ONCE = 1000  # keys of one DeleteObjects request: the protocol's limit
_READ_BYTES = 1 << 20  # of one read, after which the deadline is checked
# S3-compatible servers of the last years do not know these newer checksums (botocore sends them by default
# since 1.36). Every request's content is signed or sent over TLS.
_NO_EXTRA_CHECKSUMS = {
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}


def error_code(error: Exception) -> str:
    """The server's own error code; one Python class here stands for many codes."""
    return _code(error.__cause__) if isinstance(error.__cause__, ClientError) else ""


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A stored part of a multipart upload: entity tag and size."""

    etag: str
    bytes: int


@dataclass(frozen=True, slots=True)
class ObjectHead:
    """Metadata of an object from HEAD: size and entity tag, which changes with the content."""

    bytes: int
    etag: str


class S3Requests:
    """S3 requests for one bucket; keys are whole (with their prefix). Safe to share between threads.

    `patience`: timeouts and retries, as botocore's Config takes them. `tries`: attempts in all, after
    botocore's own retries, for the errors in `_AGAIN`. Credentials, region and endpoint come from the usual
    AWS sources, read at the first request.
    """

    def __init__(self, bucket: str, patience: Mapping[str, Any], tries: int) -> None:
        self._bucket = bucket
        self._patience = patience
        self._tries = tries
        self._lock = threading.Lock()
        self._made: Any = None

    def head(self, key: str) -> ObjectHead:
        """Metadata of one object, with one HEAD request."""
        found = self._call("head_object", Key=key)
        return ObjectHead(int(found["ContentLength"]), str(found["ETag"]))

    def check_bucket(self, prefix: str) -> None:
        """Raises FileNotFoundError with the server's code when there is no such bucket."""
        self._call("list_objects_v2", Prefix=prefix, MaxKeys=1)

    def get(
        self, key: str, start: int, end: int, etag: str | None = None, within_s: float | None = None
    ) -> bytes:
        """Reads bytes `start` to `end` (exclusive) of the object, fewer where it ends before that.

        OSError when `etag` is given and the object has another one. TimeoutError (an OSError) when they have
        not all arrived within `within_s`, even if they arrive steadily.
        """
        give_up_at = None if within_s is None else time.monotonic() + within_s
        match = {} if etag is None else {"IfMatch": etag}

        def read() -> bytes:
            found = self._client().get_object(
                Bucket=self._bucket, Key=key, Range=f"bytes={start}-{end - 1}", **match
            )
            return _body(found, give_up_at)

        return self._tried(read)

    def put(self, key: str, data: bytes) -> None:
        """Stores a whole object with one request."""
        self._call("put_object", Key=key, Body=data)

    def listed(self, prefix: str) -> list[str]:
        """Lists every key that begins with `prefix`, in order."""
        return [found["Key"] for found in self.objects(prefix)]

    def objects(self, prefix: str) -> Iterator[dict[str, Any]]:
        """Yields Key, Size and LastModified of every object that begins with `prefix`, in order."""
        after = ""
        while found := self._call("list_objects_v2", Prefix=prefix, StartAfter=after).get("Contents", ()):
            yield from found
            after = found[-1]["Key"]

    def delete(self, keys: list[str]) -> None:
        """Removes keys; missing ones are fine. OSError names the first one that could not be removed."""
        for first in range(0, len(keys), _DELETED_AT_ONCE):
            some = [{"Key": key} for key in keys[first : first + _DELETED_AT_ONCE]]
            answer = self._call("delete_objects", Delete={"Objects": some, "Quiet": True})
            for error in answer.get("Errors", ()):
                raise OSError(f"{error.get('Key')} was not removed: {error.get('Message')}")

    def copy(self, source: str, target: str) -> None:
        """Copies a whole object within the store; at most 5 GiB."""
        self._call("copy_object", Key=target, CopySource={"Bucket": self._bucket, "Key": source})

    def begin(self, key: str) -> str:
        """Begins a multipart upload and returns its id."""
        return str(self._call("create_multipart_upload", Key=key)["UploadId"])

    def uploads(self, prefix: str) -> list[tuple[str, str]]:
        """Lists unfinished multipart uploads whose key begins with `prefix`: (key, id), the oldest first."""
        pages = self._pages("list_multipart_uploads", Prefix=prefix)
        found = [upload for page in pages for upload in page.get("Uploads", ())]
        found.sort(key=lambda upload: (upload["Initiated"], upload["UploadId"]))
        return [(upload["Key"], upload["UploadId"]) for upload in found]

    def put_part(self, key: str, upload: str, number: int, data: bytes) -> str:
        """Stores a part of an upload and returns its entity tag."""
        answer = self._call("upload_part", Key=key, UploadId=upload, PartNumber=number, Body=data)
        return str(answer["ETag"])

    def copy_part(self, key: str, upload: str, number: int, source: str, start: int, end: int) -> str:
        """Copies a range of another object as a part, within the store; returns its entity tag."""
        answer = self._call(
            "upload_part_copy", Key=key, UploadId=upload, PartNumber=number,
            CopySource={"Bucket": self._bucket, "Key": source}, CopySourceRange=f"bytes={start}-{end - 1}",
        )  # fmt: skip
        return str(answer["CopyPartResult"]["ETag"])

    def parts(self, key: str, upload: str) -> dict[int, StoredPart]:
        """The stored parts of an upload by number; where one is listed twice after a resend, the newer."""
        newest: dict[int, dict[str, Any]] = {}
        for page in self._pages("list_parts", Key=key, UploadId=upload):
            for part in page.get("Parts", ()):
                known = newest.setdefault(part["PartNumber"], part)
                if part["LastModified"] > known["LastModified"]:
                    newest[part["PartNumber"]] = part
        return {number: StoredPart(part["ETag"], int(part["Size"])) for number, part in newest.items()}

    def complete(self, key: str, upload: str, etags: dict[int, str]) -> None:
        """Completes an upload with these parts (entity tag by number); other parts are dropped."""
        parts = [{"PartNumber": number, "ETag": etag} for number, etag in sorted(etags.items())]
        self._call("complete_multipart_upload", Key=key, UploadId=upload, MultipartUpload={"Parts": parts})

    def abort(self, key: str, upload: str) -> None:
        """Aborts an upload and removes its parts. A missing upload is fine."""
        try:
            self._call("abort_multipart_upload", Key=key, UploadId=upload)
        except FileNotFoundError:
            return

    def close(self) -> None:
        """Closes the connections of the pool."""
        with self._lock:
            client, self._made = self._made, None
        if client is not None:
            client.close()

    def _call(self, method: str, **arguments: Any) -> Any:
        return self._tried(lambda: getattr(self._client(), method)(Bucket=self._bucket, **arguments))

    def _pages(self, method: str, **arguments: Any) -> list[Any]:
        """Reads all pages of a listing."""

        def read() -> list[Any]:
            return list(self._client().get_paginator(method).paginate(Bucket=self._bucket, **arguments))

        return self._tried(read)

    def _client(self) -> Any:
        with self._lock:
            if self._made is None:
                config = Config(
                    max_pool_connections=_CONNECTIONS_KEPT, **_NO_EXTRA_CHECKSUMS, **self._patience
                )
                # Other AWS tools read AWS_REGION, botocore does not. An own session, because boto3's default
                # session is not thread-safe; a client is.
                region = os.environ.get("AWS_REGION")
                self._made = boto3.session.Session().client("s3", region_name=region, config=config)
            return self._made

    def _tried(self, request: Callable[[], _T]) -> _T:
        left = self._tries
        while True:
            left -= 1
            try:
                return request()
            except _AGAIN:
                if not left:
                    raise
            except ClientError as error:
                if not left or _code(error) not in _AGAIN_CODES:
                    raise _as_os_error(error) from error
            time.sleep(_AGAIN_AFTER_S)


def _body(found: Any, give_up_at: float | None) -> bytes:
    pieces = []
    # botocore's StreamingBody, entered as a context manager, gives urllib3's stream. Its `read1` returns the
    # bytes that have arrived; `read` would block until all have, and the deadline would not be checked
    # meanwhile.
    with found["Body"] as stream:
        while piece := stream.read1(_READ_BYTES):
            pieces.append(piece)
            if give_up_at is not None and time.monotonic() > give_up_at:
                raise TimeoutError("the object comes too slowly")
    data = b"".join(pieces)
    expected = found.get("ContentLength", len(data))
    if len(data) != expected:
        raise IncompleteReadError(actual_bytes=len(data), expected_bytes=expected)
    return data


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _as_os_error(error: ClientError) -> OSError:
    message = error.response.get("Error", {}).get("Message", str(error))
    if _code(error) in _MISSING:
        return FileNotFoundError(message)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if _code(error) in _REFUSED or status == _FORBIDDEN:
        return PermissionError(message)
    return OSError(message)
