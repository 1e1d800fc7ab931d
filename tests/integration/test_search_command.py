"""`scenestream search` against a running API."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from cluster.client import API_KEY_VARIABLE
from cluster.contract.protocol import API_PREFIX
from cluster.stores.postgres.search.moments import Moment
from tests.support.api import running as support
from tests.support.api.running import Api

api = support.running_api


def run(api: Api, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SCENESTREAM_API_URL": api.url.removesuffix(API_PREFIX), "TERM": "dumb"}
    environment.pop(API_KEY_VARIABLE, None)
    return subprocess.run(
        [sys.executable, "-c", "from cluster.cli import main; main()", "search", *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture(scope="module")
def ids(api: Api) -> list[str]:
    """Two videos: in the first two sentences, in the second one and a title."""
    made = [api.make(filename="first.mp4"), api.make(filename="sec[ond].mp4")]
    said = [
        [("speech", 3725.9, "We repaired [red]two bicycles."), ("speech", 5.0, "A bicycle.")],
        [("speech", 7.0, "No bicycle here."), ("title", 0.0, "Bicycles")],
    ]
    moments = {
        id_: [Moment(source, at, at + 1.0, text, "en", 0, None) for source, at, text in own]  # type: ignore[arg-type]
        for id_, own in zip(made, said, strict=True)
    }
    while api.services.jobs.search_index.update_next(lambda video: moments.get(video.id, [])):
        pass
    return made


def test_moments_are_a_table_with_times_and_videos(api: Api, ids: list[str]) -> None:
    answer = run(api, "two bicycle")

    assert answer.returncode == 0, answer.stderr
    lines = answer.stdout.splitlines()
    assert lines[0].split() == ["at", "by", "text", "video", "id"]
    assert lines[1].split()[:2] == ["1:02:05", "speech"]
    assert ids[0] in lines[1]
    assert "We repaired [red]two" in answer.stdout
    assert "sec[ond].mp4" in answer.stdout


def test_they_can_be_of_one_video_of_some_sources_and_few(api: Api, ids: list[str]) -> None:
    of_one = run(api, "bicycle", ids[0])
    titles = run(api, "bicycle", "--from", "title")
    first = run(api, "bicycle", "--limit", "1", "--json")

    assert of_one.stdout.splitlines()[0].split() == ["at", "by", "text"]
    assert len(of_one.stdout.splitlines()) == 3
    assert [line.split()[:2] for line in titles.stdout.splitlines()[1:]] == [["0:00:00", "title"]]
    (moment,) = json.loads(first.stdout)
    assert (moment["video_id"], moment["source"], moment["snippet"]) == (ids[1], "title", "Bicycles")


def test_nothing_found_is_told_and_no_failure(api: Api, ids: list[str]) -> None:
    nothing = run(api, "zeppelin")
    as_json = run(api, "zeppelin", "--json")

    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert "No moment" in nothing.stderr
    assert json.loads(as_json.stdout) == []


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["word", "--from", "smell"], 2, "speech, screen, title, tag, name"),
        (["word", "--limit", "0"], 2, "limit"),
        ([], 2, "WORDS"),
        (["--", "-word"], 1, "at least one word"),
        (["word", "f" * 32], 1, "no video"),
    ],
)
def test_what_is_wrong_is_told(api: Api, words: list[str], code: int, says: str) -> None:
    answer = run(api, *words)
    assert (answer.returncode, answer.stdout) == (code, "")
    assert says in answer.stderr
