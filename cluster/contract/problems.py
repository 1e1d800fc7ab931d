"""The problem document (RFC 9457) and the one table of its stable codes.

Part of the contract that API and clients share. Knows no web framework.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from cluster.contract.protocol import API_PREFIX


@dataclass(frozen=True, slots=True)
class Kind:
    """What is the same for every problem of one code."""

    status: int
    title: str


CODES: Mapping[str, Kind] = {
    "bad_request": Kind(400, "The request cannot be understood"),
    "bad_multipart": Kind(400, "The multipart body is broken"),
    "bad_json": Kind(400, "The body is not the JSON that is wanted"),
    "bad_cursor": Kind(400, "The cursor is not one this list gave out"),
    "bad_checksum_header": Kind(400, "The checksum header cannot be used"),
    "unknown_format": Kind(400, "There is no such export format"),
    "unauthorized": Kind(401, "A key is needed"),
    "forbidden": Kind(403, "The key does not allow this"),
    "cross_site": Kind(403, "Requests from another site's pages are refused"),
    "not_found": Kind(404, "There is no such thing"),
    "no_such_path": Kind(404, "There is no such address"),
    "method_not_allowed": Kind(405, "The address does not take this method"),
    "client_too_slow": Kind(408, "The body did not come"),
    "conflict": Kind(409, "The state does not allow this"),
    "not_ready": Kind(409, "The result is not there yet"),
    "upload_offset_mismatch": Kind(409, "The part does not start where the upload ends"),
    "result_lost": Kind(410, "The result was there and is lost"),
    "revision_moved_on": Kind(412, "The video has another revision by now"),
    "preset_exists": Kind(412, "There is a preset of this name"),
    "tus_version": Kind(412, "Only version 1.0.0 of the tus protocol is spoken"),
    "too_large": Kind(413, "The body is too large for one request"),
    "limit_exceeded": Kind(413, "Over a limit of this installation"),
    "unsupported_media_type": Kind(415, "The content type is not one this address takes"),
    "range_not_satisfiable": Kind(416, "The range lies outside the file"),
    "invalid_request": Kind(422, "A parameter has a wrong value"),
    "invalid_settings": Kind(422, "A segmentation setting is wrong"),
    "nothing_selected": Kind(422, "No segment meets the conditions"),
    "no_picture": Kind(422, "The file has sound only"),
    "no_words": Kind(422, "Nothing was written down of what is said"),
    "empty_file": Kind(422, "The file is empty"),
    "idempotency_key_reused": Kind(422, "The Idempotency-Key belongs to another request"),
    "address_refused": Kind(422, "The address is not one that is connected to"),
    "upload_locked": Kind(423, "Another request is writing to this upload"),
    "revision_required": Kind(428, "The request must say which revision it changes"),
    "rate_limited": Kind(429, "Too many requests in a short time"),
    "checksum_mismatch": Kind(460, "The bytes are not those the checksum was made of"),
    "internal": Kind(500, "Something went wrong on the server"),
    "busy": Kind(503, "As much of this as the server takes is under way"),
    "storage_full": Kind(503, "There is no room for the file"),
    "unavailable": Kind(503, "A server this request needs does not answer"),
}


class FieldProblem(BaseModel):
    """One wrong parameter of a request."""

    where: str = Field(description="Place and name, as in `query.limit` or `body.url`")
    message: str


class ProblemDocument(BaseModel):
    """RFC 9457 problem details. Programs look at `code`, people read `detail`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:scenestream:problem:not_found",
                    "title": CODES["not_found"].title,
                    "status": 404,
                    "detail": "There is no video 5f0c….",
                    "code": "not_found",
                    "instance": f"{API_PREFIX}/videos/5f0c…",
                    "request_id": "8b7f0f5e5d0a4a0f",
                }
            ]
        }
    )

    type: str = Field(description="`urn:scenestream:problem:` and the code")
    title: str
    status: int
    detail: str = Field(description="What happened and what to do")
    code: str = Field(description="Stable; one of the table in the README")
    instance: str = Field(description="The path that was asked for")
    request_id: str | None = Field(None, description="Finds the request in the server's log")
    errors: list[FieldProblem] | None = Field(None, description="With `invalid_request`: what is wrong")
