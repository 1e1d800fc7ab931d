"""The requests of S3 that fsspec has no word for: multipart uploads, listings by prefix, deleting many.

Sent through fsspec's driver (s3fs), which has the credentials and tries again. Raises what the driver raises:
FileNotFoundError for a key, an upload or a bucket that is not there, DRIVER_ERRORS otherwise.
Does not know what the parts of an upload mean.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp
from botocore.exceptions import BotoCoreError
from botocore.parsers import ResponseParserError

_T = TypeVar("_T")

DRIVER_ERRORS = (OSError, BotoCoreError, ResponseParserError, aiohttp.ClientError)
"""The store refuses, stops in the middle or does not answer, or there are no credentials to ask it with."""

_DELETED_AT_ONCE = 1000  # the protocol's own limit


def client_options() -> dict[str, Any]:
    """For the driver, from the environment.

    AWS_REGION, which other tools know and botocore does not; and the endpoint, because fsspec keeps one
    driver for the same options and would not see that it is another one now.
    """
    region = os.environ.get("AWS_REGION")
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    options: dict[str, Any] = {"endpoint_url": endpoint} if endpoint else {}
    return options | ({"client_kwargs": {"region_name": region}} if region else {})


def error_code(error: Exception) -> str:
    """What the server called it; the driver makes one class of many."""
    answer = getattr(error.__cause__, "response", None) or {}
    return str(answer.get("Error", {}).get("Code", ""))


@dataclass(frozen=True, slots=True)
class Part:
    """A stored part of an upload."""

    etag: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Head:
    """What is said of an object. The entity tag is another one when the content is."""

    bytes: int
    etag: str


class S3Requests:
    """Of one bucket; keys are whole (with any prefix). Safe to share between threads."""

    def __init__(self, files: Any, bucket: str) -> None:
        self._files = files
        self._bucket = bucket

    def head(self, key: str) -> Head:
        """Of one object; no listing, no guessing at directories."""
        found = self._call("head_object", Key=key)
        return Head(int(found["ContentLength"]), str(found["ETag"]))

    def check_bucket(self, prefix: str) -> None:
        """FileNotFoundError with the server's code when there is no such bucket."""
        self._call("list_objects_v2", Prefix=prefix, MaxKeys=1)

    def get(self, key: str, start: int, end: int, etag: str, within_s: float) -> bytes:
        """Bytes `start` to `end` (exclusive) of the object; OSError when it has another entity tag.

        TimeoutError (an OSError) when they are not all here in time, however steadily they come.
        """

        async def call() -> bytes:
            found = await self._files._call_s3(
                "get_object", Bucket=self._bucket, Key=key, Range=f"bytes={start}-{end - 1}", IfMatch=etag
            )
            async with found["Body"] as body:
                return bytes(await body.read())

        return self._run(asyncio.wait_for(call(), within_s)).result()

    def put(self, key: str, data: bytes) -> None:
        """A whole object in one request."""
        self._call("put_object", Key=key, Body=data)

    def listed(self, prefix: str, after: str = "") -> Iterator[tuple[str, int]]:
        """Key and bytes of everything that begins with `prefix`, by name, after the key `after`."""
        more: dict[str, Any] = {"StartAfter": after} if after else {}
        while True:
            page = self._call("list_objects_v2", Prefix=prefix, **more)
            yield from ((found["Key"], int(found["Size"])) for found in page.get("Contents", ()))
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

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
        found: list[dict[str, Any]] = []
        more: dict[str, Any] = {}
        while True:
            page = self._call("list_multipart_uploads", Prefix=prefix, **more)
            found += page.get("Uploads", ())
            if not page.get("IsTruncated"):
                break
            more = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}
        found.sort(key=lambda upload: (upload["Initiated"], upload["UploadId"]))
        return [(upload["Key"], upload["UploadId"]) for upload in found]

    def put_part(self, key: str, upload: str, number: int, data: bytes) -> Future[str]:
        """On its way when this returns; the result is the part's entity tag."""
        return self._later(
            lambda answer: str(answer["ETag"]),
            "upload_part", Key=key, UploadId=upload, PartNumber=number, Body=data,
        )  # fmt: skip

    def copy_part(self, key: str, upload: str, number: int, source: str, start: int, end: int) -> Future[str]:
        """A stretch of another object as a part, within the store; the result is the part's entity tag."""
        return self._later(
            lambda answer: str(answer["CopyPartResult"]["ETag"]),
            "upload_part_copy", Key=key, UploadId=upload, PartNumber=number,
            CopySource={"Bucket": self._bucket, "Key": source}, CopySourceRange=f"bytes={start}-{end - 1}",
        )  # fmt: skip

    def parts(self, key: str, upload: str) -> dict[int, Part]:
        """Every part that is stored, by number; of one that was sent and is listed twice, the newer."""
        found: dict[int, dict[str, Any]] = {}
        more: dict[str, Any] = {}
        while True:
            page = self._call("list_parts", Key=key, UploadId=upload, **more)
            for part in page.get("Parts", ()):
                known = found.setdefault(part["PartNumber"], part)
                if part["LastModified"] > known["LastModified"]:
                    found[part["PartNumber"]] = part
            if not page.get("IsTruncated"):
                return {number: Part(part["ETag"], int(part["Size"])) for number, part in found.items()}
            more = {"PartNumberMarker": page["NextPartNumberMarker"]}

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

    def _call(self, method: str, **arguments: Any) -> Any:
        return self._files.call_s3(method, Bucket=self._bucket, **arguments)

    def _later(self, meaning: Callable[[Any], str], method: str, **arguments: Any) -> Future[str]:
        async def call() -> str:
            # fsspec's convention: the asynchronous form of every call has a leading underscore.
            return meaning(await self._files._call_s3(method, Bucket=self._bucket, **arguments))

        return self._run(call())

    def _run(self, call: Coroutine[Any, Any, _T]) -> Future[_T]:
        return asyncio.run_coroutine_threadsafe(call, self._files.loop)
