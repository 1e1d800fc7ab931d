"""The bundle is served under its digest, compressed where that is accepted, and cached for ever."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient

from ui.bundle import SCRIPT, SCRIPT_MAP, STYLE_SHEET
from ui.compression import answer
from ui.linking import LinkError
from ui.static_files import STATIC_DIR, STYLE_SHEETS, StaticModules


@pytest.fixture(scope="module")
def modules() -> StaticModules:
    return StaticModules.load()


@pytest.fixture(scope="module")
def client(modules: StaticModules) -> TestClient:
    return TestClient(modules.asgi())


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The folder, to be changed."""
    return Path(shutil.copytree(STATIC_DIR, tmp_path / "static"))


@pytest.mark.parametrize(
    ("name", "kind"),
    [(SCRIPT, "text/javascript"), (STYLE_SHEET, "text/css"), (SCRIPT_MAP, "application/json")],
)
def test_it_is_compressed_where_that_is_accepted(
    client: TestClient, modules: StaticModules, name: str, kind: str
) -> None:
    plain = client.get(f"/{name}", headers={"Accept-Encoding": "identity"})
    small = client.get(f"/{name}", headers={"Accept-Encoding": "gzip"})

    assert plain.text == small.text == modules.bundle[name]
    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == "gzip"
    assert int(small.headers["content-length"]) < int(plain.headers["content-length"]) / 2
    assert plain.headers["etag"] != small.headers["etag"]
    for response in (plain, small):
        assert response.headers["content-type"].startswith(kind)
        assert response.headers["vary"] == "Accept-Encoding"
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    tags = f'"other", W/{small.headers["etag"]}'
    again = client.get(f"/{name}", headers={"Accept-Encoding": "gzip", "If-None-Match": tags})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        ("gzip", True),
        ("br, gzip;q=0.5, *;q=0", True),
        ("deflate,GZIP ; q=1", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, br", False),
        ("x-gzip", False),
        ("", False),
    ],
)
def test_what_the_client_accepts(accepted: str, compressed: bool) -> None:
    scope = {"type": "http", "headers": [(b"accept-encoding", accepted.encode())]}

    response = answer(b"text " * 100, "text/plain").to(scope)

    assert ("content-encoding" in response.headers) == compressed
    assert (gzip.decompress(response.body) if compressed else response.body) == b"text " * 100


def test_modules_are_beside_the_bundle_for_the_browser_s_tools(client: TestClient) -> None:
    source = client.get("/toolkit/dom.js")

    assert source.content == (STATIC_DIR / "toolkit/dom.js").read_bytes()
    assert source.headers["cache-control"] == client.get(f"/{SCRIPT}").headers["cache-control"]


@pytest.mark.parametrize("name", [SCRIPT, "main.js"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_it_is_only_read(client: TestClient, method: str, name: str) -> None:
    with pytest.raises(HTTPException) as refused:
        client.request(method, f"/{name}")

    assert refused.value.status_code == 405


def test_any_version_is_known_to_who_has_one(client: TestClient) -> None:
    assert client.get(f"/{SCRIPT}", headers={"If-None-Match": "*"}).status_code == 304


def test_styles_stand_in_the_order_of_the_cascade(modules: StaticModules) -> None:
    sheet = modules.bundle[STYLE_SHEET]
    places = [sheet.index((STATIC_DIR / name).read_text("utf-8").strip()) for name in STYLE_SHEETS]

    assert places == sorted(places)


@pytest.mark.parametrize("text", ['@import "other.css";', "a { background: url( '../favicon.svg') }"])
def test_style_sheets_that_need_another_file_are_refused(copy: Path, text: str) -> None:
    (copy / STYLE_SHEETS[1]).write_text(f"b {{}}\n{text}", "utf-8")

    with pytest.raises(LinkError, match=rf"^{STYLE_SHEETS[1]}, line 2: "):
        StaticModules.load(copy)


def test_the_address_changes_with_each_file(copy: Path, modules: StaticModules) -> None:
    assert StaticModules.load(copy).digest == modules.digest
    for name in ("favicon.svg", "skeleton.html", "toolkit/dom.js"):
        before = StaticModules.load(copy).digest
        with (copy / name).open("a", encoding="utf-8") as file:
            file.write("\n")
        assert StaticModules.load(copy).digest != before


def test_an_installation_without_a_file_says_so(copy: Path) -> None:
    (copy / "skeleton.html").unlink()

    with pytest.raises(FileNotFoundError, match=r"skeleton\.html; reinstall"):
        StaticModules.load(copy)
