"""The exported page in a browser, from a file: its style and images are let in by its own policy."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, expect

from serve_app.exports.page.document import write_html
from tests.support.browser import Watched
from tests.support.exports import film


def keyframe() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (32, 18), (30, 90, 150)).save(out, "WEBP")
    return out.getvalue()


def test_the_page_shows_from_a_file_and_asks_for_nothing(browser: Browser, tmp_path: Path) -> None:
    image = keyframe()
    made = replace(film([0, 50, 100, 150], scenes=[100]), image=lambda _: image)
    path = tmp_path / "film.html"
    path.write_text("".join(write_html(made)), encoding="utf-8")
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    watched = Watched(context.new_page())
    page = watched.page
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))

    page.goto(path.as_uri())

    images = page.locator("img")
    expect(images).to_have_count(3)
    for image in images.all():
        expect(image).to_have_js_property("naturalWidth", 32)
    assert page.locator("article").first.evaluate("(card) => getComputedStyle(card).borderRadius") == "8px"
    bars = page.locator("svg.row").nth(2).locator("a")
    widths = [box["width"] for bar in bars.all() if (box := bar.bounding_box())]
    assert len(widths) == 3
    assert max(widths) - min(widths) < 2
    bars.nth(2).click()
    page.wait_for_url("**/*#shot-2")
    assert watched.foreign("file://") == watched.errors == said == []
    context.close()
