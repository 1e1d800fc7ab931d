"""Search over HTTP: what is answered, to whom, and how it follows the results of a video."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from actors.bridge.indexing import Indexing
from actors.tasks import Outcome
from cluster.client import Client as LibraryClient
from cluster.contract.protocol import API_PREFIX
from cluster.contract.vocabulary import MOMENT_SOURCES, MomentSource
from cluster.errors import UnavailableError
from cluster.stores.ids import new_id
from cluster.stores.postgres.search.meanings import Vectors
from cluster.stores.postgres.search.moments import Moment
from cluster.stores.postgres.video import Video
from serve_app.routes.search import MAX_QUERY_CHARS
from serve_app.videos import questions
from tests.support.api import keyed as keyed_api
from tests.support.api.keyed import Client, told
from tests.support.api.running import Api, done_video, finish_work, segment, start_work
from tests.support.servers.stores import claim, finish_words

api, client, anna, admin = keyed_api.api, keyed_api.client, keyed_api.anna, keyed_api.admin


def update(api: Api) -> None:
    """As a bridge does every second."""
    indexing = Indexing(api.services.jobs, api.services.results)
    while indexing.update():
        pass


def put(api: Api, video_id: str, *moments: Moment) -> None:
    """These are the moments of the video."""
    update(api)
    with api.services.jobs.database.connection() as connection:
        connection.execute(b"INSERT INTO search_queue (video_id) VALUES (%(id)s)", {"id": video_id})

    def read(video: Video) -> Sequence[Moment]:
        assert video.id == video_id
        return moments

    assert api.services.jobs.search_index.update_next(read)


def moment(text: str, source: MomentSource = "speech", **values: Any) -> Moment:
    row: dict[str, Any] = {
        "start_s": 1.0, "end_s": 2.0, "language": "en", "scene": 3, "keyframe": 77,
    }  # fmt: skip
    return Moment(source=source, text=text, **(row | values))


def found(client: httpx.Client, q: str, **params: Any) -> list[dict[str, Any]]:
    answer = client.get("/search", params={"q": q, **params})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def say(api: Api, video_id: str, text: str) -> None:
    """The transcript of the video is written down."""
    jobs, results = api.services.jobs, api.services.results
    while (job := jobs.transcripts.claim("bridge", 60.0, 5)) is not None:
        if job.id == video_id:
            break
    assert job is not None
    words = [
        {"start_s": 12.0 + n, "end_s": 12.5 + n, "text": word, "probability": 0.9}
        for n, word in enumerate(text.split())
    ]
    sentence = {
        "start_s": 12.0, "end_s": 12.0 + len(words), "text": text, "language": "en", "speaker": None,
        "words": words,
    }  # fmt: skip
    document = {"language": "en", "model": "m", "sentences": [sentence]}
    assert jobs.transcripts.record(job.id, job.lease_epoch, model="m", groups_done=1, groups_total=1)
    results.put_transcript(job.tracks_key, job.tracks_hash, "m", document)
    assert finish_words(jobs, job.id, job.lease_epoch)


def test_a_video_is_found_by_its_name_then_by_what_is_said(api: Api, anna: httpx.Client) -> None:
    video_id = api.make(owner="anna", filename="Zeppelin talk.mp4")
    update(api)
    (by_name,) = found(anna, "zeppelins talk")
    epoch = start_work(api, video_id)
    finish_work(api, video_id, epoch)
    update(api)
    (with_scene,) = found(anna, "zeppelin")
    say(api, video_id, "We flew over two Mountains.")
    update(api)
    (said,) = found(anna, "mountain")

    assert (by_name["source"], by_name["segment"], by_name["thumbnail"]) == ("name", None, None)
    assert with_scene["segment"] == {"level": "scene", "index": 0}
    thumbnail = said.pop("thumbnail")
    score = said.pop("score")
    assert said.pop("ways") == ["words"]
    assert said == {
        "video_id": video_id,
        "filename": "Zeppelin talk.mp4",
        "segment": {"level": "scene", "index": 1},
        "start_s": 16.0,
        "end_s": 17.0,
        "source": "speech",
        "snippet": "We flew over two Mountains.",
        "matches": [[17, 26]],
    }
    assert 0.5 <= score <= 1
    shots = anna.get(
        f"/videos/{video_id}/segments", params={"level": "shot", "from_s": 12, "to_s": 13}
    ).json()
    assert thumbnail.partition("?")[0] == shots["items"][0]["thumbnail"].partition("?")[0]


def test_tags_and_titles_of_segments_are_found_and_follow_the_revision(api: Api, anna: httpx.Client) -> None:
    video_id = done_video(api, owner="anna", filename="b.mp4")
    jobs, results = api.services.jobs, api.services.results
    jobs.resegment(video_id, {"min_scene_s": 9}, "default")
    video = claim(jobs, video_id)
    visual = segment("shot", 0, 0, 1)["visual"] | {"tags": [{"label": "volcano", "probability": 0.7}]}
    timeline_id = f"{video_id}:2:{video.lease_epoch}"
    rows = [
        segment("shot", 0, 0.0, 40.0, visual=visual),
        segment("scene", 0, 0.0, 40.0, title="Eruptions of lava", keywords=["ash"]),
        segment("chapter", 0, 0.0, 40.0),
    ]
    results.put_timeline(timeline_id, video_id, 2, rows, {"media": {}, "settings": {}})
    assert jobs.finish(video_id, video.lease_epoch, 2, timeline_id)
    update(api)

    (tagged,) = found(anna, "volcanoes")
    (titled,) = found(anna, "eruptions ash")
    assert (tagged["source"], tagged["start_s"], tagged["end_s"]) == ("tag", 0.0, 40.0)
    assert (titled["source"], titled["segment"]) == ("title", {"level": "scene", "index": 0})

    jobs.revisions.choose(video_id, 1)
    update(api)
    assert found(anna, "volcano") == []


@pytest.mark.parametrize("source", MOMENT_SOURCES)
def test_nobody_finds_moments_of_another_owner(
    api: Api, client: Client, anna: httpx.Client, admin: httpx.Client, source: MomentSource
) -> None:
    berta = client("berta", "read")
    word = f"secret{source}"
    hers, nobodys = api.make(owner="anna"), api.make()
    put(api, hers, moment(f"A {word} here.", source))
    put(api, nobodys, moment(f"A {word} there.", source))

    for params in ({}, {"from": source}):
        assert [hit["video_id"] for hit in found(anna, word, **params)] == [hers]
        assert found(berta, word, **params) == []
        assert {hit["video_id"] for hit in found(admin, word, **params)} == {hers, nobodys}
    assert [hit["video_id"] for hit in found(anna, f"{word} zebra")] == [hers]
    assert found(berta, f"{word} zebra") == []
    assert [hit["video_id"] for hit in found(anna, word, video=hers)] == [hers]
    assert told(berta.get("/search", params={"q": word, "video": hers})) == (404, "not_found")
    assert told(anna.get("/search", params={"q": word, "video": nobodys})) == (404, "not_found")
    assert {hit["source"] for hit in found(anna, word)} == {source}


def test_a_foreign_video_and_one_that_is_not_there_get_the_same_answer(api: Api, client: Client) -> None:
    foreign, none = api.make(owner="anna"), new_id()
    berta = client("berta", "read")

    answers = [berta.get("/search", params={"q": "a word", "video": id_}).json() for id_ in (foreign, none)]

    assert answers[0]["detail"].replace(foreign, "ID") == answers[1]["detail"].replace(none, "ID")


def test_it_needs_a_key_that_may_read(client: Client) -> None:
    assert told(client().get("/search", params={"q": "word"})) == (401, "unauthorized")
    assert told(client("anna", "write").get("/search", params={"q": "word"})) == (403, "forbidden")


@pytest.mark.parametrize(
    ("params", "status", "code", "says"),
    [
        ({}, 422, "invalid_request", "query.q"),
        ({"q": ""}, 422, "invalid_request", "at least one word"),
        ({"q": " -budget "}, 422, "invalid_request", "at least one word"),
        ({"q": "w" * (MAX_QUERY_CHARS + 1)}, 422, "invalid_request", f"shorten it to {MAX_QUERY_CHARS}"),
        ({"q": "word", "from": "speech,smell"}, 422, "invalid_request", "speech, screen, title, tag, name"),
        ({"q": "word", "from": ""}, 422, "invalid_request", "speech, screen, title, tag, name"),
        ({"q": "word", "limit": 0}, 422, "invalid_request", "limit"),
        ({"q": "word", "limit": 100_000}, 422, "invalid_request", "limit"),
        ({"q": "word", "cursor": "nonsense"}, 400, "bad_cursor", "cursor"),
        ({"q": "word", "video": "x\x00"}, 422, "invalid_request", "video"),
    ],
)
def test_what_is_wrong_is_told(
    anna: httpx.Client, params: dict[str, Any], status: int, code: str, says: str
) -> None:
    answer = anna.get("/search", params=params)
    assert told(answer) == (status, code)
    assert says in answer.json()["detail"]


def test_sources_can_be_chosen(api: Api, anna: httpx.Client) -> None:
    video_id = api.make(owner="anna")
    put(api, video_id, *(moment(f"A walrus, {source}.", source) for source in MOMENT_SOURCES))

    chosen = found(anna, "walrus", **{"from": "title, speech"})

    assert sorted(hit["source"] for hit in chosen) == ["speech", "title"]


def test_pages_lead_on_and_the_client_reads_them_all(api: Api, client: Client, anna: httpx.Client) -> None:
    video_id = api.make(owner="anna")
    put(api, video_id, *(moment(f"Otters, number {n}.", start_s=float(n), end_s=n + 1.0) for n in range(7)))

    first = anna.get("/search", params={"q": "otter", "limit": 4}).json()
    second = anna.get("/search", params={"q": "otter", "limit": 4, "cursor": first["next_cursor"]}).json()

    seen = [hit["start_s"] for hit in first["items"] + second["items"]]
    assert sorted(seen) == [float(n) for n in range(7)]
    assert second["next_cursor"] is None
    _, token = api.services.jobs.api_keys.create("k", "anna", ["read"])
    with LibraryClient(api.url.removesuffix(API_PREFIX), api_key=token) as library:
        assert [hit["start_s"] for hit in library.search("otter")] == seen
        assert list(library.search("otter", video_id=video_id, sources=["title"])) == []


def test_images_of_hits_open_without_a_key_for_a_while(api: Api, client: Client, anna: httpx.Client) -> None:
    video_id = done_video(api, owner="anna")
    api.services.media.put_stream(f"videos/{video_id}/keyframes/77.webp", [b"RIFF\x1a\x00\x00\x00WEBPVP8L"])
    put(api, video_id, moment("A narwhal."))

    (hit,) = found(anna, "narwhal")

    assert client().get(hit["thumbnail"].removeprefix(API_PREFIX)).status_code == 200


def test_a_deleted_video_is_not_found_any_more(api: Api, anna: httpx.Client) -> None:
    video_id = done_video(api, owner="anna")
    put(api, video_id, moment("A pelican."))
    assert len(found(anna, "pelican")) == 1
    anna.delete(f"/videos/{video_id}")
    assert found(anna, "pelican") == []


@pytest.fixture
def fuser(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Answers for the model: two topics, money and all else. `asked`: the tasks."""
    state: dict[str, Any] = {"asked": [], "away": False}

    def vectors(texts: Sequence[str]) -> bytes:
        on = [any(word in text.lower() for word in ("money", "budget")) for text in texts]
        return b"".join(struct.pack("<2e", float(one), float(not one)) for one in on)

    def answer(_namespace: str, task: dict[str, Any], _timeout_s: float) -> dict[str, Any]:
        state["asked"].append(task)
        if state["away"]:
            raise UnavailableError("The fuser does not answer.")
        return Outcome.done(space="toy 1", width=2, vectors=vectors([task["question"]])).to_dict()

    state["vectors"] = lambda texts: Vectors("toy 1", 2, vectors(texts))
    monkeypatch.setattr(questions, "call_fuser", answer)
    monkeypatch.setattr(questions, "LOOKED_S", 0.0)
    monkeypatch.setattr(questions, "QUIET_S", 0.0)
    return state


def learn(api: Api, fuser: dict[str, Any]) -> None:
    """As a bridge does."""
    meanings = api.services.jobs.meanings
    if not meanings.prepare("toy 1", 2):
        pytest.skip("this PostgreSQL has no pgvector")
    while meanings.update_next("toy 1", fuser["vectors"]):
        pass


def test_what_means_the_same_is_found_by_its_owner_alone(
    api: Api, anna: Client, fuser: dict[str, Any]
) -> None:
    mine, theirs = api.make(owner="anna"), api.make(owner="bert")
    put(api, mine, *(moment(f"The budget of zone{n} is large", start_s=float(n)) for n in range(3)))
    put(api, theirs, moment("Their budget is secret"))
    learn(api, fuser)
    first = anna.get("/search", params={"q": "remaining money", "limit": 2}).json()
    second = anna.get(
        "/search", params={"q": "remaining money", "limit": 2, "cursor": first["next_cursor"]}
    ).json()
    assert first["ways"] == ["words", "meaning"]
    assert [hit["ways"] for hit in first["items"]] == [["meaning"]] * 2
    hits = [*first["items"], *second["items"]]
    assert sorted(hit["start_s"] for hit in hits) == [0.0, 1.0, 2.0]
    assert {hit["video_id"] for hit in hits} == {mine}


def test_words_alone_are_searched_where_the_model_gives_no_answer_and_for_quotes(
    api: Api, anna: Client, fuser: dict[str, Any]
) -> None:
    video_id = api.make(owner="anna")
    put(api, video_id, moment("The budget is large"), moment("A budget again"))
    learn(api, fuser)

    def asked(q: str, **params: Any) -> httpx.Response:
        return anna.get("/search", params={"q": q, "video": video_id, **params})

    quoted = asked("budget -large").json()
    assert (quoted["ways"], len(quoted["items"]), fuser["asked"]) == (["words"], 1, [])

    both = asked("big budget", limit=1).json()
    fuser["away"] = True
    alone = asked("budget now").json()
    assert (alone["ways"], len(alone["items"])) == (["words"], 2)
    # what was asked before is in Redis, so the search goes on
    on = asked("big budget", limit=1, cursor=both["next_cursor"])
    assert on.status_code == 200
    # another question cannot go on by meaning
    on = asked("budgets then", limit=1, cursor=both["next_cursor"])
    assert (on.status_code, on.json()["code"]) == (503, "unavailable")
