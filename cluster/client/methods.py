"""The client's methods, written once: blocking on a `Client`, awaitable on an `AsyncClient`.

A descriptor turns an operation into a method of the client it is read from, with the operation's parameters
and docstring. Knows no connection.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Generic, ParamSpec, Self, TypeVar, overload

from cluster.client import clipping, following, library, notifying, revising, teaching, uploading
from cluster.client.running import Awaiting, Blocking
from cluster.client.steps import Flow, Op

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")


class Method(Generic[P, R]):
    """Descriptor: an operation as a method that returns its result."""

    def __init__(self, operation: Callable[P, Op[R]]) -> None:
        self._operation = operation

    @overload
    def __get__(self, client: None, owner: type) -> Self: ...
    @overload
    def __get__(self, client: Blocking, owner: type) -> Callable[P, R]: ...
    @overload
    def __get__(self, client: Awaiting, owner: type) -> Callable[P, Coroutine[Any, Any, R]]: ...
    def __get__(self, client: Any, owner: type) -> Any:
        return self if client is None else _bound(client.run, self._operation)


class Listing(Generic[P, T]):
    """Descriptor: an operation that yields many items as a method that returns an iterator."""

    def __init__(self, operation: Callable[P, Flow[T]]) -> None:
        self._operation = operation

    @overload
    def __get__(self, client: None, owner: type) -> Self: ...
    @overload
    def __get__(self, client: Blocking, owner: type) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(self, client: Awaiting, owner: type) -> Callable[P, AsyncIterator[T]]: ...
    def __get__(self, client: Any, owner: type) -> Any:
        return self if client is None else _bound(client.iterate, self._operation)


def _bound(run: Callable[[Any], Any], operation: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(operation)
    def method(*args: Any, **kwargs: Any) -> Any:
        return run(operation(*args, **kwargs))

    return method


class Methods:
    """All methods that both clients have."""

    upload = Method(uploading.upload)
    import_url = Method(uploading.import_url)
    import_batch = Method(uploading.import_batch)
    video = Method(library.video)
    videos = Listing(library.videos)
    cancel = Method(library.cancel)
    retry = Method(library.retry)
    delete = Method(library.delete)
    wait = Method(following.wait)
    events = Listing(following.events)
    segments = Listing(library.segments)
    audio_track = Method(library.audio_track)
    transcript = Method(library.transcript)
    cancel_transcript = Method(library.cancel_transcript)
    retry_transcript = Method(library.retry_transcript)
    search = Listing(library.search)
    signals = Method(library.signals)
    frame_times = Method(library.frame_times)
    export = Method(library.export)
    links = Method(library.links)
    cluster = Method(library.cluster)

    resegment = Method(revising.resegment)
    preview = Method(revising.preview)
    correct = Method(revising.correct)
    revisions = Method(revising.revisions)
    choose = Method(revising.choose)
    compare = Method(revising.compare)

    presets = Method(teaching.presets)
    preset = Method(teaching.preset)
    save_preset = Method(teaching.save_preset)
    delete_preset = Method(teaching.delete_preset)
    learn = Method(teaching.learn)

    make_clips = Method(clipping.make_clips)
    clips = Listing(clipping.clips)
    clips_of = Method(clipping.clips_of)
    wait_for_clips = Method(clipping.wait_for_clips)
    save_clip = Method(clipping.save_clip)
    save_archive = Method(clipping.save_archive)
    cancel_clips = Method(clipping.cancel_clips)
    retry_clips = Method(clipping.retry_clips)
    delete_clips = Method(clipping.delete_clips)

    create_webhook = Method(notifying.create_webhook)
    webhooks = Method(notifying.webhooks)
    webhook = Method(notifying.webhook)
    delete_webhook = Method(notifying.delete_webhook)
    deliveries = Listing(notifying.deliveries)
