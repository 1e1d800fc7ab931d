"""Gradio's document becomes ours: what is replaced is still in its template, and nothing absolute is left."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import gradio
import httpx
import pytest

from ui.app import create_app
from ui.document import DESCRIPTION, REPLACED, VIEWS
from ui.static_files import STATIC_DIR, StaticModules


@pytest.fixture(scope="module")
def document() -> str:
    """The page's document as the server answers, asked under a name of its own."""

    async def ask() -> str:
        transport = httpx.ASGITransport(create_app())
        async with httpx.AsyncClient(transport=transport, base_url="http://inside.example") as client:
            answer = await client.get("/", headers={"Accept-Encoding": "br"})
            small = await client.get("/", headers={"Accept-Encoding": "gzip, br"})
            head = await client.head("/", headers={"Accept-Encoding": "br"})
            again = await client.get("/", headers={"If-None-Match": small.headers["etag"]})
            of_a_video = await client.get("/?t=2&v=abc")
            of_a_view = await client.get("/?v=abc&view=cluster")
            of_the_first = await client.get("/?v=&v=abc")
            written = await client.post("/")
        assert answer.headers["content-length"] == str(len(answer.content))
        assert "content-encoding" not in answer.headers
        assert small.headers["content-encoding"] == "gzip"
        assert int(small.headers["content-length"]) < len(answer.content) / 2
        assert small.text == answer.text
        assert (head.status_code, head.headers["etag"]) == (200, answer.headers["etag"])
        assert head.headers["content-length"] == answer.headers["content-length"]
        assert (again.status_code, again.content) == (304, b"")
        assert written.status_code == 405
        assert answer.headers["cache-control"] == "no-cache"
        skeleton = 'id="skeleton" data-view="start"'
        assert skeleton in answer.text
        assert of_a_video.text == answer.text.replace(skeleton, skeleton.replace("start", "video"))
        assert of_a_view.text == of_the_first.text == answer.text
        return answer.text

    return asyncio.run(ask())


def test_gradio_still_has_what_is_replaced() -> None:
    template = Path(gradio.__file__).parent / "templates/frontend/index.html"
    raw = template.read_text(encoding="utf-8")
    assert 'property="og:' in raw
    assert "window.gradio_config = {{ config | toorjson }};</script>" in raw
    assert "const root = {{ config.get('root', '') | toorjson }};" in raw
    assert 'href="/manifest.json"' in raw
    assert set(REPLACED) == {"previews", "configuration", "root", "manifest"}


def test_views_are_those_of_the_router() -> None:
    router = (STATIC_DIR / "toolkit/router.js").read_text("utf-8")
    (named,) = re.findall(r"const VIEWS = new Set\(\[(.*?)\]\);", router)

    assert set(re.findall(r'"(\w+)"', named)) == VIEWS


def test_the_root_is_where_the_browser_is(document: str) -> None:
    assert document.count('window.gradio_config.root = new URL(".", document.baseURI)') == 1
    assert "const root = window.gradio_config.root;" in document
    assert 'const root = "' not in document


def test_nothing_is_asked_for_at_the_root_of_the_origin(document: str) -> None:
    assert re.findall(r'(?:href|src)="/[^"]*"', document) == []
    assert '"/page/' not in document
    assert re.search(r'href="page/[0-9a-f]{16}/bundle\.js"', document)


def test_the_head_is_ours(document: str) -> None:
    head = document.partition("</head>")[0]
    assert head.count("<title>") == 1
    assert head.count('property="og:title"') == 1
    assert DESCRIPTION in head
    assert "gradio.app" not in head.partition("window.gradio_config")[0]
    for name in StaticModules.load().bundle:
        assert head.count(f'{name}">') == (0 if name.endswith(".map") else 1)


def test_the_skeleton_needs_nothing_but_the_document(document: str) -> None:
    before, _, rest = document.partition('<main id="skeleton"')
    skeleton = rest.partition("</main>")[0]

    assert "<gradio-app" not in before
    assert re.findall(r"""(?:src|href)=|url\(|<script""", skeleton) == []
    styles = before.rpartition("<style>")[2]
    used = set(re.findall(r"var\((--[\w-]+)\)", styles))
    assert used
    assert used <= set(re.findall(r"^\s*(--[\w-]+):", styles, re.MULTILINE))
    assert set(re.findall(r'class="(sk-[\w-]+)"', skeleton.replace("sk-panel ", ""))) <= set(
        re.findall(r"\.(sk-[\w-]+)", styles)
    )
