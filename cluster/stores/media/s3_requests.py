"""The requests of the S3 API that are made here, one method each, through boto3.

Raises FileNotFoundError for a key, an upload or a bucket that is not there, PermissionError where the server
refuses the credentials, and DRIVER_ERRORS otherwise. Does not know what the parts of an upload mean.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, IncompleteReadError
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

_T = TypeVar("_T")

DRIVER_ERRORS = (OSError, BotoCoreError, ResponseParserError, HTTPError)
"""The store refuses, stops in the middle or does not answer, or there are no credentials to ask it with."""

_MISSING = frozenset({"NoSuchKey", "NoSuchBucket", "NoSuchUpload", "NoSuchVersion", "404"})
_REFUSED = frozenset({"AccessDenied", "ExpiredToken", "403"})
_FORBIDDEN = 403

# botocore tries a request again by itself, but not one whose answer breaks off or cannot be parsed.
_AGAIN = (HTTPClientError, IncompleteReadError, ResponseParserError, HTTPError)
_AGAIN_CODES = frozenset({"SlowDown", "XAmzContentSHA256Mismatch"})
_AGAIN_AFTER_S = 0.1

_CONNECTIONS_KEPT = 64  # for reuse; more are made where more threads ask at once
_DELETED_AT_ONCE = 1000  # the protocol's own limit
_READ_BYTES = 1 << 20
# What S3-compatible servers of the last years do not know. Every request's content is signed or goes by TLS.
_NO_EXTRA_CHECKSUMS = {
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}


def error_code(error: Exception) -> str:
    """What the server called it; one class here stands for many of its codes."""
    return _code(error.__cause__) if isinstance(error.__cause__, ClientError) else ""


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A stored part of an upload."""

    etag: str
    bytes: int


@dataclass(frozen=True, slots=True)
class ObjectHead:
    """What is said of an object. The entity tag is another one when the content is."""

    bytes: int
    etag: str


class S3Requests:
    """Of one bucket; keys are whole (with any prefix). Safe to share between threads.

    `patience`: time limits and retries, as botocore's Config takes them. `tries`: how often a request is made
    that botocore has given up and that may do better the next time, see `_AGAIN`. Credentials, region and
    endpoint come from where AWS tools look for them, at the first request.
    """

    def __init__(self, bucket: str, patience: Mapping[str, Any], tries: int) -> None:
        self._bucket = bucket
        self._patience = patience
        self._tries = tries
        self._lock = threading.Lock()
        self._made: Any = None

    def head(self, key: str) -> ObjectHead:
        """Of one object; no listing, no guessing at directories."""
        found = self._call("head_object", Key=key)
        return ObjectHead(int(found["ContentLength"]), str(found["ETag"]))

    def check_bucket(self, prefix: str) -> None:
        """FileNotFoundError with the server's code when there is no such bucket."""
        self._call("list_objects_v2", Prefix=prefix, MaxKeys=1)

    def get(
        self, key: str, start: int, end: int, etag: str | None = None, within_s: float | None = None
    ) -> bytes:
        """Bytes `start` to `end` (exclusive) of the object, fewer where it ends before that.

        OSError when `etag` is given and the object has another one. TimeoutError (an OSError) when they are
        not all here in `within_s`, however steadily they come.
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
        """A whole object in one request."""
        self._call("put_object", Key=key, Body=data)

    def listed(self, prefix: str) -> list[str]:
        """Every key that begins with `prefix`, by name."""
        pages = self._pages("list_objects_v2", Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", ())]

    def delete(self, keys: list[str]) -> None:
        """Keys that are not there are fine. OSError names the first that could not be removed."""
        for first in range(0, len(keys), _DELETED_AT_ONCE):
            some = [{"Key": key} for key in keys[first : first + _DELETED_AT_ONCE]]
            answer = self._call("delete_objects", Delete={"Objects": some, "Quiet": True})
            for error in answer.get("Errors", ()):
                raise OSError(f"{error.get('Key')} was not removed: {error.get('Message')}")

    def copy(self, source: str, target: str) -> None:
        """A whole object, within the store; at most 5 GiB."""
        self._call("copy_object", Key=target, CopySource={"Bucket": self._bucket, "Key": source})

    def begin(self, key: str) -> str:
        """The id of a new multipart upload."""
        return str(self._call("create_multipart_upload", Key=key)["UploadId"])

    def uploads(self, prefix: str) -> list[tuple[str, str]]:
        """Key and id of the uploads under way whose key begins with `prefix`, the oldest first."""
        pages = self._pages("list_multipart_uploads", Prefix=prefix)
        found = [upload for page in pages for upload in page.get("Uploads", ())]
        found.sort(key=lambda upload: (upload["Initiated"], upload["UploadId"]))
        return [(upload["Key"], upload["UploadId"]) for upload in found]

    def put_part(self, key: str, upload: str, number: int, data: bytes) -> str:
        """Stores a part of an upload; its entity tag."""
        answer = self._call("upload_part", Key=key, UploadId=upload, PartNumber=number, Body=data)
        return str(answer["ETag"])

    def copy_part(self, key: str, upload: str, number: int, source: str, start: int, end: int) -> str:
        """A stretch of another object as a part, within the store; its entity tag."""
        answer = self._call(
            "upload_part_copy", Key=key, UploadId=upload, PartNumber=number,
            CopySource={"Bucket": self._bucket, "Key": source}, CopySourceRange=f"bytes={start}-{end - 1}",
        )  # fmt: skip
        return str(answer["CopyPartResult"]["ETag"])

    def parts(self, key: str, upload: str) -> dict[int, StoredPart]:
        """Every part that is stored, by number; of one that was sent and is listed twice, the newer."""
        newest: dict[int, dict[str, Any]] = {}
        for page in self._pages("list_parts", Key=key, UploadId=upload):
            for part in page.get("Parts", ()):
                known = newest.setdefault(part["PartNumber"], part)
                if part["LastModified"] > known["LastModified"]:
                    newest[part["PartNumber"]] = part
        return {number: StoredPart(part["ETag"], int(part["Size"])) for number, part in newest.items()}

    def complete(self, key: str, upload: str, etags: dict[int, str]) -> None:
        """Makes the object of these parts, by number; others are dropped."""
        parts = [{"PartNumber": number, "ETag": etag} for number, etag in sorted(etags.items())]
        self._call("complete_multipart_upload", Key=key, UploadId=upload, MultipartUpload={"Parts": parts})

    def abort(self, key: str, upload: str) -> None:
        """Forget an upload and its parts. One that is not there is fine."""
        try:
            self._call("abort_multipart_upload", Key=key, UploadId=upload)
        except FileNotFoundError:
            return

    def close(self) -> None:
        """Ends the connections that are kept."""
        with self._lock:
            client, self._made = self._made, None
        if client is not None:
            client.close()

    def _call(self, method: str, **arguments: Any) -> Any:
        return self._tried(lambda: getattr(self._client(), method)(Bucket=self._bucket, **arguments))

    def _pages(self, method: str, **arguments: Any) -> list[Any]:
        """All pages of a listing."""

        def read() -> list[Any]:
            return list(self._client().get_paginator(method).paginate(Bucket=self._bucket, **arguments))

        return self._tried(read)

    def _client(self) -> Any:
        with self._lock:
            if self._made is None:
                config = Config(
                    max_pool_connections=_CONNECTIONS_KEPT, **_NO_EXTRA_CHECKSUMS, **self._patience
                )
                # AWS_REGION is known to other tools and not to botocore. A session of its own, because
                # boto3's common one is not safe between threads, as a client is.
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
    # Entered, a body gives the stream of urllib3. Its `read1` returns what has come; `read` would wait until
    # there is as much as was asked for, and the time limit would not be looked at meanwhile.
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
