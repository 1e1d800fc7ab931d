"""Makes a video of an uploaded file: stores the file, then inserts the video in one transaction.

The file is deleted again when the transaction fails. Knows neither multipart nor tus nor where the bytes came
from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, cast, get_args

import structlog

from cluster.contract.problems import FieldProblem
from cluster.contract.protocol import IDEMPOTENCY_KEY
from cluster.contract.vocabulary import INTERACTIVE, Priority
from cluster.errors import InvalidSettingsError, NotFoundError, ScenestreamError, UnavailableError
from cluster.stores.ids import new_id
from cluster.stores.media.keys import all_of, source_key
from cluster.stores.postgres.video import Video
from cluster.stores.postgres.webhooks import NewWebhook
from serve_app.services import ApiServices
from serve_app.videos.presets import FindPreset, Resolved, resolve
from serve_app.web.filetypes import display_name
from serve_app.web.problems import Problem

_log = structlog.get_logger(__name__)

MAX_KEY_CHARS = 255  # of an Idempotency-Key


@dataclass(frozen=True, slots=True)
class VideoOptions:
    """Validated options of a new video: name to show, preset, settings, webhook, priority."""

    filename: str
    preset: str
    settings: dict[str, Any]
    webhook: NewWebhook | None = None
    priority: Priority = INTERACTIVE


def resolve_settings(preset: str | None, settings: str | dict[str, Any] | None, find: FindPreset) -> Resolved:
    """Complete settings of a video from a client's JSON object or its text.

    Settings not given have the value of the preset. `find`: the caller's own presets. Raises
    InvalidSettingsError.
    """
    overrides: Any = settings or {}
    try:
        if isinstance(overrides, str):
            overrides = json.loads(overrides)
        # NaN passes for a number within any range, and half a surrogate pair for text.
        json.dumps(overrides, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise InvalidSettingsError(f"`settings` is not JSON: {error}.") from error
    if not isinstance(overrides, dict):
        raise InvalidSettingsError('`settings` must be a JSON object, such as {"shot_sensitivity": 0.7}.')
    return resolve(preset, overrides, find)


def video_options(
    find: FindPreset,
    filename: str | None,
    preset: str | None,
    settings: str | dict[str, Any] | None,
    priority: str | None,
) -> VideoOptions:
    """Validate the options of a new video, see `resolve_settings`.

    Raises InvalidSettingsError; Problem `invalid_request` for an unknown priority.
    """
    resolved = resolve_settings(preset, settings, find)
    wanted = VideoOptions(display_name(filename), resolved.preset, resolved.settings)
    if not priority:
        return wanted
    if priority not in get_args(Priority):
        message = f"There is no priority {priority!r}; choose one of {', '.join(get_args(Priority))}."
        raise Problem("invalid_request", message, errors=[FieldProblem(where="priority", message=message)])
    return replace(wanted, priority=cast("Priority", priority))


class HashingBlocks:
    """Iterates over `blocks` and counts their bytes and SHA-256 on the way."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = blocks
        self._digest = hashlib.sha256()
        self.bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        for block in self._blocks:
            self._digest.update(block)
            self.bytes += len(block)
            yield block

    @property
    def sha256(self) -> str:
        """SHA-256 of the blocks so far, hexadecimal."""
        return self._digest.hexdigest()


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A complete file in the media store that belongs to no video yet."""

    video_id: str
    bytes: int
    sha256: str

    @property
    def key(self) -> str:
        """Its key in the media store."""
        return source_key(self.video_id)


class VideoIntake:
    """Stores files and makes videos of them. Blocks on the stores; thread-safe."""

    def __init__(self, services: ApiServices) -> None:
        self._services = services

    def store(self, blocks: Iterable[bytes]) -> StoredFile:
        """Stream a file into the media store under a new id. Problem `empty_file` when it has no bytes.

        Blocks on `blocks` and on the store. After an exception of either the file is removed.
        """
        video_id = new_id()
        hashed = HashingBlocks(blocks)
        try:
            self._services.media.put_stream(source_key(video_id), hashed)
            if not hashed.bytes:
                raise empty_file()
        except BaseException:
            self.discard(video_id)
            raise
        return StoredFile(video_id, hashed.bytes, hashed.sha256)

    def register(
        self,
        stored: StoredFile,
        wanted: VideoOptions,
        idempotency_key: str | None,
        owner: str | None,
        webhook: NewWebhook | None = None,
    ) -> Video:
        """Insert the video and its doorbell (wake-up message) in one transaction.

        For an idempotency key used before, returns the earlier video. The stored file is removed unless the
        new video uses it.
        """
        keep = False
        try:
            video, keep = self._services.jobs.create_video(
                video_id=stored.video_id,
                filename=wanted.filename,
                bytes_=stored.bytes,
                sha256=stored.sha256,
                media_key=stored.key,
                preset=wanted.preset,
                settings=wanted.settings,
                idempotency_key=idempotency_key,
                owner=owner,
                webhook=webhook,
                priority=wanted.priority,
            )
        except UnavailableError:
            # The connection may have broken after the commit: then the video exists and needs its file.
            found = self._find(stored.video_id)
            if found is None:
                raise
            video, keep = found, True
        finally:
            if not keep:
                self.discard(stored.video_id)
        return video

    @contextmanager
    def removed_on_error(self, stored: StoredFile) -> Iterator[None]:
        """Remove the stored file if the block raises."""
        try:
            yield
        except BaseException:
            self.discard(stored.video_id)
            raise

    def discard(self, video_id: str) -> None:
        """Remove a stored file that no video uses. A failure of the store is logged."""
        try:
            self._services.media.delete(all_of(video_id))
        except (ScenestreamError, OSError) as error:
            _log.warning("stored file not removed", video_id=video_id, error=str(error))

    def _find(self, video_id: str) -> Video | None:
        try:
            return self._services.jobs.get(video_id)
        except (NotFoundError, UnavailableError):
            return None


def empty_file() -> Problem:
    """The Problem for a file without bytes."""
    return Problem("empty_file", "The file has no bytes. Choose a video that is not empty.")


def key_reused() -> Problem:
    """The Problem for an Idempotency-Key that was used for another request before."""
    return Problem(
        "idempotency_key_reused",
        "This Idempotency-Key came with another file or other settings before; use a new one.",
    )


def client_key(given: str | None, owner: str | None) -> str | None:
    """The stored form of an Idempotency-Key header: prefixed, so that keys of different owners differ.

    The name of an owner has no colon, so two prefixes never mix; they also differ from the keys of resumable
    uploads. None for None. Problem `invalid_request` for a key that is too long or not printable.
    """
    if given is None:
        return None
    if not 1 <= len(given) <= MAX_KEY_CHARS or not given.isprintable():
        raise Problem("invalid_request", f"{IDEMPOTENCY_KEY} has 1 to {MAX_KEY_CHARS} printable characters.")
    return f"post:{given}" if owner is None else f"post@{owner}:{given}"
