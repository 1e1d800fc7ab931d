"""POST /videos with a URL: answered at once, fetched behind the answer from a real server that misbehaves."""

from __future__ import annotations

import hashlib

import httpx
import pytest

from actors.bridge.imports.importer import Importer
from actors.bridge.reporter import Reporter
from cluster.stores.media.keys import source_key
from cluster.stores.postgres.turns import Room, TurnRules
from tests.support.api.imports import api, quiet_api, settled, shown, web
from tests.support.api.running import Api
from tests.support.servers.media import media_folder, stored_bytes
from tests.support.servers.sources import FILM, OTHER_FILM, Web
from tests.support.servers.stores import execute, try_claim, wait_until, waiting_doorbells

__all__ = ["api", "quiet_api", "web"]


def import_url(api: Api, url: str, **more: object) -> httpx.Response:
    return api.client.post("/videos", json={"url": url, **more})


def imported(api: Api, url: str) -> dict[str, object]:
    """The video after its import has come to an end."""
    answer = import_url(api, url)
    assert answer.status_code == 202
    return settled(api, answer.json()["id"])


def content(api: Api, video_id: object) -> bytes:
    return stored_bytes(api.services.media, source_key(str(video_id)))


def test_a_file_is_fetched_behind_the_answer_and_then_rung_for(api: Api, web: Web) -> None:
    answer = import_url(api, f"{web.url}/film.mp4?a=1", preset="film", settings={"min_scene_s": 5})

    assert answer.status_code == 202
    taken = answer.json()
    assert (taken["state"], taken["filename"], taken["bytes"]) == ("queued", "film.mp4", 0)
    assert taken["progress"]["fetch"] == {"bytes": 0, "bytes_total": None}
    video = settled(api, taken["id"])
    assert (video["state"], video["bytes"]) == ("queued", len(FILM))
    assert video["sha256"] == hashlib.sha256(FILM).hexdigest()
    assert (video["settings"]["preset"], video["settings"]["min_scene_s"]) == ("film", 5)
    assert content(api, taken["id"]) == FILM
    assert taken["id"] in waiting_doorbells(api.services.jobs)


@pytest.mark.parametrize(
    ("path", "resumed"),
    [
        ("/breaks/9000000", True),
        ("/breaks-early/900000", True),
        ("/breaks-early/10000", True),
        ("/breaks-dated", True),
        ("/breaks-unnamed", False),
        ("/strange-name", False),
        ("/wrong-part", False),
    ],
)
def test_a_source_that_breaks_off_is_resumed_where_it_can_be(
    api: Api, web: Web, path: str, resumed: bool
) -> None:
    video = imported(api, web.url + path)

    film = FILM[: 4 * int(path.rpartition("/")[2])] if path.startswith("/breaks-early") else FILM
    assert video["sha256"] == hashlib.sha256(film).hexdigest()
    assert content(api, video["id"]) == film
    ranges = [seen.headers.get("range") for seen in web.asked_for(path)]
    assert len(ranges) >= 2
    assert (ranges[-1] is not None) is resumed


def test_a_source_that_changed_meanwhile_is_fetched_anew(api: Api, web: Web) -> None:
    video = imported(api, f"{web.url}/changes")

    assert content(api, video["id"]) == OTHER_FILM
    assert video["sha256"] == hashlib.sha256(OTHER_FILM).hexdigest()
    assert web.asked_for("/changes")[1].headers["if-range"] == '"film"'


def test_a_source_that_is_busy_is_asked_again(api: Api, web: Web) -> None:
    assert imported(api, f"{web.url}/busy")["bytes"] == len(FILM)


def test_redirects_are_followed(api: Api, web: Web) -> None:
    assert imported(api, f"{web.url}/moved")["bytes"] == len(FILM)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/inside", "address_refused"),
        ("/metadata", "address_refused"),
        ("/file", "address_refused"),
        ("/loop", "import_failed"),
        ("/nonsense", "import_failed"),
        ("/status/404", "source_not_found"),
        ("/status/410", "source_not_found"),
        ("/status/403", "source_denied"),
        ("/status/400", "import_failed"),
        ("/status/503", "import_failed"),
        ("/lies", "import_failed"),
        ("/compressed", "import_failed"),
        ("/empty.mp4", "empty_file"),
        ("/endless", "limit_exceeded"),
    ],
)
def test_a_source_that_gives_no_file_fails_the_video_with_a_reason(
    api: Api, web: Web, path: str, code: str
) -> None:
    video = imported(api, web.url + path)

    assert video["state"] == "failed"
    assert video["error"]["code"] == code  # type: ignore[index]
    assert "again and again" not in video["error"]["message"], "it has a reason"  # type: ignore[index]
    assert video["id"] not in waiting_doorbells(api.services.jobs)


@pytest.mark.parametrize("path", ["/drip", "/drip-frame"])
def test_a_source_that_drips_is_not_waited_for(
    api: Api, web: Web, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr("actors.bridge.imports.fetch.PACE_WINDOW_S", 0.2)

    video = imported(api, web.url + path)

    assert (video["state"], video["error"]["code"]) == ("failed", "import_failed")  # type: ignore[index]


def test_an_error_nobody_thought_of_fails_the_video_with_a_sentence(
    api: Api, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("actors.bridge.imports.fetch.open_source", broken)

    video = imported(api, f"{web.url}/film.mp4")

    assert video["state"] == "failed"
    assert "ended in an error" in video["error"]["message"]  # type: ignore[index]


def test_nothing_connected_to_the_address_a_redirect_led_to(api: Api, web: Web) -> None:
    before = len(web.asked_for("/film.mp4"))
    imported(api, f"{web.url}/inside")

    assert len(web.asked_for("/film.mp4")) == before


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.2/a.mp4",
        "http://[::1]/a.mp4",
        "http://[::ffff:127.0.0.2]/a.mp4",
        "http://10.0.0.7/a.mp4",
        "http://192.168.1.1/a.mp4",
        "http://169.254.169.254/latest/meta-data",
        "http://[fe80::1]/a.mp4",
        "http://0.0.0.0/a.mp4",
        "http://100.64.0.1/a.mp4",
        "http://2130706434/a.mp4",
        "http://0x7f.2/a.mp4",
        "http://[64:ff9b::7f00:1]/a.mp4",
        "file:///etc/passwd",
        "ftp://example.org/a.mp4",
        "concat:a|b",
        "http:///a.mp4",
        "http://[::1/a.mp4",
        "http://exa\u2100mple.com/a",
        "http://93.184.215.14:x/a.mp4",
        "http://168.63.129.16/machine",
        "s3://bucket/a\u0000b.mp4",
        "s3://bucket/a%00b.mp4",
        "s3://[bucket/a.mp4",
        "http://user:secret@93.184.215.14/a.mp4",
        "http://93.184.215.14:99999/a.mp4",
        "s3://other/a.mp4",
    ],
)
def test_what_can_be_refused_without_asking_anybody_is_refused_at_once(quiet_api: Api, url: str) -> None:
    answer = import_url(quiet_api, url)

    assert (answer.status_code, answer.json()["code"]) == (422, "address_refused")


def test_wrong_settings_are_refused_at_once(quiet_api: Api, web: Web) -> None:
    answer = import_url(quiet_api, f"{web.url}/film.mp4", preset="opera")

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_settings")


def test_a_repeated_key_gives_the_same_video(api: Api, web: Web) -> None:
    def ask(url: str) -> httpx.Response:
        return api.client.post("/videos", json={"url": url}, headers={"Idempotency-Key": "import-1"})

    first = ask(f"{web.url}/film.mp4").json()
    settled(api, first["id"])
    again, other = ask(f"{web.url}/film.mp4"), ask(f"{web.url}/busy")

    assert (again.status_code, again.json()["id"]) == (202, first["id"])
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_what_fetches_may_die_and_another_goes_on_where_it_was(api: Api, web: Web) -> None:
    imports = api.services.jobs.imports
    video_id = import_url(api, f"{web.url}/gated/1").json()["id"]
    wait_until(lambda: _row(api, video_id)["stored_bytes"] == 8 << 20)
    taken_over = "UPDATE imports SET lease_expires_at = now(), epoch = epoch + 1 WHERE video_id = %(id)s"
    execute(api.services.jobs, taken_over, id=video_id)
    web.gate.set()
    video = settled(api, video_id)

    assert content(api, video_id) == FILM[: 9 << 20]
    assert video["sha256"] == hashlib.sha256(FILM[: 9 << 20]).hexdigest()
    assert web.asked_for("/gated/1")[-1].headers["range"] == f"bytes={8 << 20}-"
    assert not imports.finish(video_id, 1, 5, "0" * 64)
    assert shown(api, video_id)["bytes"] == 9 << 20


def test_cancel_ends_a_fetch_and_retry_begins_it_again(api: Api, web: Web) -> None:
    web.gate.clear()
    video_id = import_url(api, f"{web.url}/gated/2").json()["id"]
    wait_until(lambda: _row(api, video_id)["stored_bytes"] == 8 << 20)

    assert api.client.post(f"/videos/{video_id}/cancel").json()["state"] == "cancelled"
    assert _row(api, video_id)["state"] == "stopped"
    web.gate.set()
    assert api.client.post(f"/videos/{video_id}/retry").json()["state"] == "queued"

    assert settled(api, video_id)["bytes"] == 9 << 20


def test_nothing_stays_of_a_video_that_is_deleted_while_its_last_bytes_come(quiet_api: Api, web: Web) -> None:
    services = quiet_api.services
    lease = services.settings.lease.model_copy(update={"heartbeat_s": 60.0})  # it hears when it stores
    settings = services.settings.model_copy(update={"lease": lease})
    importer = Importer(settings, services.jobs, services.media, Reporter(services.cache))
    web.gate.clear()
    video_id = import_url(quiet_api, f"{web.url}/gated/4").json()["id"]
    importer.start()
    wait_until(lambda: _row(quiet_api, video_id)["stored_bytes"] == 8 << 20)

    assert quiet_api.client.delete(f"/videos/{video_id}").status_code == 204
    web.gate.set()
    stored = media_folder(services.settings.media_url) / "videos" / video_id
    # The last MiB is on its way; or it heard already, if it was slow enough to tell how far it is in between.
    wait_until(lambda: len(web.asked_for("/gated/4")) == 2 or not stored.exists())
    assert importer.stop(20.0)

    assert not stored.exists()


def test_an_import_that_waits_is_not_claimed_for_segmentation(quiet_api: Api, web: Web) -> None:
    jobs = quiet_api.services.jobs
    video_id = import_url(quiet_api, f"{web.url}/gated/3").json()["id"]

    assert try_claim(jobs, video_id, "bridge") is None
    execute(jobs, "UPDATE videos SET rung_at = now() - interval '1 day'")
    first = jobs.turns.claim("bridge", Room(), TurnRules(light_bytes=0), 10, 5)
    assert first is None or first.id != video_id
    web.gate.set()
    quiet_api.client.delete(f"/videos/{video_id}")


def _row(api: Api, video_id: str) -> dict[str, object]:
    row = api.services.jobs.database.one(b"SELECT * FROM imports WHERE video_id = %(id)s", {"id": video_id})
    assert row is not None
    return row


@pytest.fixture
def s3(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's environment: an endpoint of its own and credentials."""
    values = {"ENDPOINT_URL": web.url, "DEFAULT_REGION": "eu-central-1"}
    for name, value in (values | {"ACCESS_KEY_ID": "reader", "SECRET_ACCESS_KEY": "secret"}).items():
        monkeypatch.setenv(f"AWS_{name}", value)


@pytest.mark.parametrize("key", ["film.mp4", "breaks.mp4"])
def test_an_object_of_an_allowed_bucket_is_fetched(api: Api, s3: None, key: str) -> None:
    video = imported(api, f"s3://bucket/{key}")

    assert video["sha256"] == hashlib.sha256(FILM).hexdigest()
    assert video["filename"] == key


@pytest.mark.parametrize(("key", "code"), [("none.mp4", "source_not_found"), ("denied.mp4", "source_denied")])
def test_an_object_that_is_not_given_fails_the_video(api: Api, s3: None, key: str, code: str) -> None:
    assert imported(api, f"s3://bucket/{key}")["error"]["code"] == code  # type: ignore[index]
