"""The typed dictionaries of `cluster.contract.wire` say the same as the pydantic models, field by field.

What a model's field becomes in JSON is derived from its annotation, and must be what the dictionary says: a
field whose name or type changes on one side only fails here.
"""

from __future__ import annotations

import importlib
import pkgutil
import types
from datetime import datetime
from functools import reduce
from operator import or_
from typing import (
    Any,
    Literal,
    NotRequired,
    TypedDict,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import pytest
from pydantic import BaseModel, Field

from cluster.contract import (
    access,
    clips,
    imports,
    presets,
    problems,
    results,
    revisions,
    search,
    videos,
    webhooks,
    wire,
)
from cluster.contract import cluster as installation
from cluster.contract.vocabulary import Level
from cluster.contract.wire import clips as wire_clips
from cluster.contract.wire import cluster as wire_cluster
from cluster.contract.wire import imports as wire_imports
from cluster.contract.wire import presets as wire_presets
from cluster.contract.wire import problems as wire_problems
from cluster.contract.wire import results as wire_results
from cluster.contract.wire import search as wire_search
from cluster.contract.wire import videos as wire_videos
from cluster.contract.wire import webhooks as wire_webhooks

Models = tuple[type[BaseModel], ...]

PAIRS: dict[Any, Models] = {
    wire_videos.AudioStream: (videos.AudioStream,),
    wire_videos.Media: (videos.Media,),
    wire_videos.MediaWarning: (videos.MediaWarning,),
    wire_videos.Fetch: (videos.Fetched,),
    wire_videos.Progress: (videos.Progress,),
    wire_videos.Proxy: (videos.Proxy,),
    wire_videos.Failure: (videos.Failure,),
    wire_videos.Video: (videos.VideoDocument,),
    wire_results.Boundary: (results.Boundary,),
    wire_results.Sound: (results.Sound,),
    wire_results.Tag: (results.Tag,),
    wire_results.Picture: (results.Picture,),
    wire_results.Segment: (results.Segment,),
    wire_results.Heard: (results.Heard,),
    wire_results.SpokenWord: (results.SpokenWord,),
    wire_results.Sentence: (results.Sentence,),
    wire_results.Transcript: (results.Transcript,),
    wire_results.ShownText: (results.ShownText,),
    wire_results.TranscriptStatus: (results.TranscriptStatus,),
    wire_presets.Preset: (presets.PresetDocument,),
    wire_presets.LevelAgreement: (presets.LevelAgreement,),
    wire_presets.VideoAgreement: (presets.VideoAgreement,),
    wire_presets.Learned: (presets.Learned,),
    wire_search.SegmentPlace: (search.SegmentPlace,),
    wire_search.FoundMoment: (search.FoundMoment,),
    wire_results.FrameTimes: (results.FrameTimes,),
    wire_results.Curve: (results.Curve,),
    wire_results.Signals: (results.Signals,),
    wire_results.Links: (access.Links,),
    wire_results.CorrectionCounts: (revisions.CorrectionCounts,),
    wire_results.Revision: (revisions.Revision,),
    wire_results.Preview: (revisions.Preview,),
    wire_results.Mark: (revisions.Mark,),
    wire_results.Change: (revisions.Change,),
    wire_results.Comparison: (revisions.Comparison,),
    wire_clips.ClipFile: (clips.ClipDocument,),
    wire_clips.ClipsProgress: (clips.ClipProgress,),
    wire_clips.Clips: (clips.ClipsDocument, clips.ClipsWithFiles),
    wire_webhooks.Webhook: (webhooks.WebhookDocument,),
    wire_webhooks.MadeWebhook: (webhooks.MadeWebhook,),
    wire_webhooks.Delivery: (webhooks.DeliveryDocument,),
    wire_imports.BatchItem: (imports.BatchOutcome,),
    wire_problems.FieldProblem: (problems.FieldProblem,),
    wire_problems.Problem: (problems.ProblemDocument,),
    wire_cluster.PoolActor: (installation.PoolActor,),
    wire_cluster.PoolHistory: (installation.PoolHistory,),
    wire_cluster.ActorLoss: (installation.ActorLoss,),
    wire_cluster.Pool: (installation.Pool,),
    wire_cluster.Queue: (installation.QueueDocument,),
    wire_cluster.FailureCount: (installation.FailureCount,),
    wire_cluster.FailedWork: (installation.FailedWork,),
    wire_cluster.Failures: (installation.FailuresDocument,),
    wire_cluster.ServerHealth: (installation.ServerHealth,),
    wire_cluster.Backlog: (installation.BacklogDocument,),
    wire_cluster.Cluster: (installation.Cluster,),
}
"""Each dictionary, and the models sent as it. Of several models, a field that not all have is NotRequired."""

MODEL_OF: dict[type[BaseModel], Any] = {model: told for told, models in PAIRS.items() for model in models}


def as_json(annotation: Any, pairs: dict[type[BaseModel], Any] = MODEL_OF) -> Any:
    """The type in JSON of what pydantic writes for a field of this annotation."""
    if annotation is datetime:
        return str
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return pairs[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (types.UnionType, Union):
        return reduce(or_, (as_json(argument, pairs) for argument in arguments))
    if origin in (list, dict):
        return origin[tuple(as_json(argument, pairs) for argument in arguments)]
    if origin is Literal or annotation in (str, int, float, bool, None, type(None), Any):
        return annotation
    raise AssertionError(f"it is not known here what {annotation} becomes in JSON")


def sent(models: Models, pairs: dict[type[BaseModel], Any] = MODEL_OF) -> dict[str, Any]:
    """Key and type of everything in the JSON of these models."""
    found: dict[str, Any] = {}
    for model in models:
        for name, field in model.model_fields.items():
            key = field.serialization_alias or field.alias or name
            always = field.exclude_if is None and all(name in other.model_fields for other in models)
            kind = as_json(field.annotation, pairs)
            if field.exclude_if is not None and field.exclude_if(None):
                kind = without_none(kind)
            found[key] = kind if always else NotRequired[kind]
    return found


def without_none(annotation: Any) -> Any:
    return reduce(or_, (one for one in get_args(annotation) if one is not type(None)))


def told(dictionary: Any) -> dict[str, Any]:
    return get_type_hints(dictionary, include_extras=True)


@pytest.mark.parametrize("dictionary", PAIRS, ids=lambda one: one.__name__)
def test_a_dictionary_has_the_keys_and_types_of_its_model(dictionary: Any) -> None:
    assert told(dictionary) == sent(PAIRS[dictionary])


def test_no_dictionary_is_without_a_model() -> None:
    found = pkgutil.iter_modules(wire.__path__, f"{wire.__name__}.")
    modules = [importlib.import_module(module.name) for module in found]
    defined = {
        one
        for module in modules
        for one in vars(module).values()
        if is_typeddict(one) and one.__module__ == module.__name__
    }

    assert {one.__name__ for one in defined - PAIRS.keys()} == set()


class Inner(BaseModel):
    level: Level


class Model(BaseModel):
    count: int
    at: datetime | None
    inner: list[Inner]
    rare: str | None = Field(None, exclude_if=lambda value: value is None)


class InnerJson(TypedDict):
    level: Level


class Same(TypedDict):
    count: int
    at: str | None
    inner: list[InnerJson]
    rare: NotRequired[str]


class OtherType(Same):
    count: float  # type: ignore[misc]


class OtherInside(Same):
    inner: list[str]  # type: ignore[misc]


class NeverNone(Same):
    at: str  # type: ignore[misc]


class AlwaysThere(Same):
    rare: str  # type: ignore[misc]


class OneMore(Same):
    more: int


def test_what_is_compared_tells_types_apart() -> None:
    expected = sent((Model,), {Inner: InnerJson})

    assert told(Same) == expected
    for other in (OtherType, OtherInside, NeverNone, AlwaysThere, OneMore):
        assert told(other) != expected, other.__name__
