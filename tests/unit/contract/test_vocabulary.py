"""Words of the contract that stand a second time: the stores' enums, which give them names, and what cannot
import the contract: the libraries, SQL, the page's JavaScript.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from actors.bridge.clips.proxy import ProxyWork
from actors.bridge.clips.work import ClipWork
from actors.bridge.imports.fetch import Fetch
from actors.bridge.videos.job import Job
from actors.bridge.words.work import WordsWork
from actors.clips import pieces
from actors.segmentation import media_warning, screen_text, timeline
from actors.segmentation.errors import MediaErrorCode
from actors.segmentation.fusion.summary import label
from actors.segmentation.planning import audio_choice
from actors.segmentation.sound import classes
from cluster.contract import vocabulary as words
from cluster.contract.protocol import API_PREFIX
from cluster.contract.results import Sound
from cluster.stores.postgres.api_keys import Scope
from cluster.stores.postgres.clips.job import ClipState
from cluster.stores.postgres.video import FINAL_STATES, VideoState
from cluster.stores.postgres.words.job import TranscriptState
from serve_app import exports
from ui import page

ROOT = Path(__file__).resolve().parents[3]
SQL = "\n".join(
    path.read_text(encoding="utf-8") for path in sorted((ROOT / "cluster/stores/postgres").rglob("*.sql"))
)
SCRIPTS = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "ui/static").rglob("*.js")))


@pytest.mark.parametrize(
    ("enum", "literal"),
    [(VideoState, words.State), (ClipState, words.ClipOrderState), (Scope, words.ScopeName)],
)
def test_an_enum_of_the_stores_names_each_word(enum: Any, literal: Any) -> None:
    assert [member.value for member in enum] == list(get_args(literal))


def test_a_transcript_has_the_states_of_its_work_and_none() -> None:
    assert list(get_args(words.TranscriptState)) == ["none", *(state.value for state in TranscriptState)]


def test_what_has_ended_is_the_same_for_the_stores() -> None:
    assert set(FINAL_STATES) == set(words.END_STATES)
    assert set(words.END_STATES) < {state.value for state in ClipState}


def test_each_kind_of_leased_work_has_its_word() -> None:
    works = (Job, ClipWork, ProxyWork, WordsWork, Fetch)
    assert {work.kind for work in works} == set(get_args(words.LeasedWork))


def test_the_segmentation_library_uses_the_same_words() -> None:
    assert timeline.LEVELS == words.COARSE_TO_FINE
    assert get_args(words.BoundaryKind) == timeline.KINDS
    assert classes.LABELS == words.SOUND_LABELS
    assert tuple(audio_choice.PURPOSES) == get_args(words.AudioPurpose)
    assert media_warning.CODES == words.WARNING_CODES
    assert timeline.ROLES == words.ROLES
    assert get_args(words.ShownKind) == screen_text.KINDS
    assert (*get_args(words.TitleSource), None) == timeline.TITLE_SOURCES


def test_the_page_asks_below_the_same_prefix() -> None:
    assert f"/{page.API_PREFIX}" == API_PREFIX


def test_segments_have_no_other_labels() -> None:
    shares = (0.0, 0.4, 1.0)
    sounds = [
        timeline.Sound(speech, singing, music, silence, None)
        for speech in shares
        for singing in shares
        for music in shares
        for silence in shares
    ]
    pictures = [timeline.Visual(0.5, 0.0, black, static) for black in shares for static in shares]

    assert {label(picture, sound) for picture in pictures for sound in (None, *sounds)} == set(
        words.SEGMENT_LABELS
    )


def test_the_clips_library_uses_the_same_words() -> None:
    assert get_args(words.ClipMode) == pieces.MODES
    assert ("auto", *pieces.CONTAINERS) == get_args(words.ClipContainer)
    assert get_args(words.X264Preset) == pieces.PRESETS


def test_there_is_a_writer_for_each_format() -> None:
    assert tuple(exports.FORMATS) == words.EXPORT_FORMATS


def quoted(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"""['"]([^'"]*)['"]""", text))


@pytest.mark.parametrize(
    ("pattern", "literal"),
    [
        (r"CREATE TABLE videos \(.*?CHECK \(state IN \((.*?)\)\)", words.State),
        (r"CREATE TABLE clip_jobs \(.*?CHECK \(state IN \((.*?)\)\)", words.ClipOrderState),
        (r"CREATE TABLE webhook_deliveries \(.*?CHECK \(state IN \((.*?)\)\)", words.DeliveryState),
        (r"CHECK \(events <@ ARRAY\[(.*?)\]", words.WebhookEvent),
        (r"CHECK \(scopes <@ ARRAY\[(.*?)\]", words.ScopeName),
        (r"ALTER TABLE videos ADD COLUMN priority.*?CHECK \(priority IN \((.*?)\)\)", words.Priority),
    ],
)
def test_the_tables_take_the_same_words(pattern: str, literal: Any) -> None:
    (found,) = re.findall(pattern, SQL, re.DOTALL)

    assert quoted(found) == get_args(literal)


def constant(name: str) -> str:
    """What the page's JavaScript says `name` is, of those that are made of words."""
    (value,) = re.findall(rf"\bconst {name} = (?:new Set\()?[\[{{](.*?)[\]}}]\)?;", SCRIPTS, re.DOTALL)
    return str(value)


def keys(value: str) -> tuple[str, ...]:
    return tuple(re.findall(r"^\s*(\w+):", value, re.MULTILINE))


def test_the_page_uses_the_same_words() -> None:
    assert quoted(constant("EVENT_TYPES")) == get_args(words.EventType)
    assert quoted(constant("TERMINAL")) == words.END_STATES
    assert quoted(constant("FILE_AT_FAULT")) == tuple(MediaErrorCode)
    assert keys(constant("ORDER_NAMES")) == get_args(words.VideoOrder)
    assert keys(constant("STATE_NAMES")) == get_args(words.State)
    assert keys(constant("KINDS")) == get_args(words.BoundaryKind)
    assert (*quoted(constant("HEARD_KINDS")), "silence", "loudness_lufs") == tuple(Sound.model_fields)
    assert 'export const LEVELS = ["chapter", "scene", "shot"];' in SCRIPTS
