"""The segmentation library does not know the contract, yet its documents pass the models of it unchanged: the
same keys, the same types, nothing converted.
"""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import fields, replace
from fractions import Fraction
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from pydantic import BaseModel

from actors.segmentation import timeline
from actors.segmentation.demux.media import MediaInfo, StreamInfo
from actors.segmentation.fusion.fuse import fuse
from actors.segmentation.media_warning import MediaWarning, truncated
from actors.segmentation.settings import FusionSettings
from actors.segmentation.timecode import Timecode
from cluster.contract import results, videos
from cluster.contract.vocabulary import AudioPurpose
from tests.support.tracks import Edit, audio_track, keyframe_track, make_plan, place, split_tracks

SHOT_FRAMES = 75
NAMES: dict[type[BaseModel], type] = {
    results.Boundary: timeline.Boundary,
    results.Sound: timeline.Sound,
    results.Picture: timeline.Visual,
    results.Segment: timeline.Segment,
    results.Heard: timeline.AudioSegment,
    videos.MediaWarning: MediaWarning,
}
ON_ITS_OWN: dict[type[BaseModel], dict[str, Any]] = {
    results.Segment: {
        "thumbnail": int | None,  # a frame's number; the API makes an address of it
        "keywords": tuple[str, ...],
    },
    results.Picture: {"tags": tuple[Mapping[str, Any], ...]},
}
"""Fields whose types differ, and what they are in the library; the documents below hold their values."""


@pytest.fixture(scope="module", params=[True, False], ids=["sound", "silent"])
def document(request: pytest.FixtureRequest) -> dict[str, Any]:
    edit = Edit()
    starts = [edit.cut(place(ord(name), SHOT_FRAMES)) for name in "aaabbb"]
    frames = edit.track()
    keyframes = keyframe_track(len(frames), [(start, 1) for start in starts])
    audio = audio_track([("speech", 9.0, 1), ("music", 9.0, 2)]) if request.param else None
    plan = make_plan(len(frames), sound_s=None if audio is None else len(audio) / 10)
    cut_off = truncated("picture", 18.0, None if audio is None else 30.0)
    plan = replace(plan, media=replace(plan.media, warnings=(cut_off,)))
    made = fuse(plan, split_tracks(plan, frames, keyframes, audio), FusionSettings())
    again: dict[str, Any] = json.loads(json.dumps(made.to_document()))
    return again


def as_it_is(model: type[BaseModel], value: dict[str, Any]) -> dict[str, Any]:
    return model.model_validate_json(json.dumps(value), strict=True).model_dump(mode="json")


def test_segments_are_those_of_the_contract(document: dict[str, Any]) -> None:
    assert {segment["level"] for segment in document["segments"]} == {"shot", "scene", "chapter"}
    assert any(segment["visual"]["tags"] for segment in document["segments"])
    for segment in document["segments"]:
        shown = {**segment, "thumbnail": "/an/address" if segment["thumbnail"] is not None else None}

        assert as_it_is(results.Segment, shown) == shown


def test_the_audio_track_is_that_of_the_contract(document: dict[str, Any]) -> None:
    for heard in document["audio_track"]:
        assert as_it_is(results.Heard, heard) == heard


def test_warnings_are_those_of_the_contract(document: dict[str, Any]) -> None:
    assert len(document["warnings"]) == 1
    for warning in document["warnings"]:
        assert as_it_is(videos.MediaWarning, warning) == warning


def test_media_has_what_the_contract_has(document: dict[str, Any]) -> None:
    media = as_it_is(videos.Media, document["media"])

    assert media.items() <= document["media"].items()


def plain(annotation: Any) -> Any:
    """A type of the contract as the library would say it: words are text, models are its own classes."""
    origin = get_origin(annotation)
    if origin is Literal:
        return str
    if origin in (Union, types.UnionType):
        made = tuple(plain(argument) for argument in get_args(annotation))
        return Union[made]  # noqa: UP007 - of a tuple
    return NAMES.get(annotation, annotation)


@pytest.mark.parametrize("model", NAMES, ids=lambda one: one.__name__)
def test_a_class_has_the_fields_and_types_of_its_model(model: type[BaseModel]) -> None:
    own = ON_ITS_OWN.get(model, {})
    hints = get_type_hints(NAMES[model])
    told = {field.name: hints[field.name] for field in fields(NAMES[model])}
    wanted = {name: plain(field.annotation) for name, field in model.model_fields.items()}

    assert told == wanted | own


PROBED: dict[str, Any] = {"pixel_aspect": Fraction, "timecode": Timecode | None, "container": str}
"""Fields of media that the library keeps as numbers and tells as text, or always knows."""


def test_what_is_probed_has_the_types_of_the_contract() -> None:
    hints = get_type_hints(MediaInfo)
    told_elsewhere = {"timecode_drop", "timecode_fps", "audio_stream", "audio_streams"}  # the tests below
    plainly = videos.Media.model_fields.keys() - told_elsewhere

    assert {name: hints[name] for name in plainly} == {
        name: videos.Media.model_fields[name].annotation for name in plainly
    } | PROBED


@pytest.mark.parametrize("timecode", [None, Timecode.parse("10:00:00;02", Fraction(30_000, 1001))])
def test_what_is_told_of_pixels_and_timecode_is_what_the_contract_has(timecode: Timecode | None) -> None:
    plain = make_plan(25).media
    told = json.loads(json.dumps(replace(plain, pixel_aspect=Fraction(64, 45), timecode=timecode).contract()))

    left_out = {"audio_start_s", "audio_stream", "audio_streams"}  # it has no sound
    assert as_it_is(videos.Media, told) == {name: told[name] for name in told if name not in left_out}
    assert told["pixel_aspect"] == "64:45"
    assert ("timecode" in told) == (timecode is not None)


@pytest.mark.parametrize("silent", [None, True, False])
@pytest.mark.parametrize("purpose", [None, *get_args(AudioPurpose)])
def test_audio_streams_are_told_as_the_contract_has_them(purpose: str | None, silent: bool | None) -> None:
    plain = make_plan(25, sound_s=1.0).media
    streams = (
        StreamInfo(0, "video", "h264"),
        StreamInfo(1, "audio", "aac", language="eng", default=True, title="Film"),
        StreamInfo(2, "audio", None, purpose=purpose, silent=silent),
    )

    told = json.loads(json.dumps(replace(plain, streams=streams).contract()))

    kept = as_it_is(videos.Media, told)
    assert kept["audio_stream"] == told["audio_stream"] == 1
    assert kept["audio_streams"] == told["audio_streams"]
    assert [stream["stream"] for stream in told["audio_streams"]] == [1, 2]


def test_results_of_earlier_versions_have_no_audio_streams() -> None:
    older = {k: v for k, v in make_plan(25).media.contract().items() if not k.startswith("audio_stream")}

    assert as_it_is(videos.Media, older).keys() == older.keys() - {"audio_start_s"}
