"""ASGI middleware that makes Gradio's HTML document ours: head, skeleton, addresses relative to the page.

Gradio writes absolute addresses from the request's Host, and its own description for link previews. Behind a
proxy that serves the page below a prefix, or under another name, they lead nowhere, or to another origin,
which the content security policy blocks. Here everything is resolved against the address in the browser.
Gradio's scripts take a while to come; until the panels are filled, a skeleton that stands in the document
with its styles shows where they will be. It is removed by static/main.js; where that does not come, as in an
update in which a newer version has replaced this document's, the skeleton says so. Knows Gradio's template as
far as `REPLACED` says; a test holds that a newer Gradio still has it.
"""

from __future__ import annotations

import html
import re
from functools import partial
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.bundle import SCRIPT, STYLE_SHEET
from ui.compression import answer
from ui.static_files import StaticModules

TITLE = "Scenestream"
DESCRIPTION = "Finds the shots, scenes and chapters of a video by picture and sound."
VIEWS = frozenset({"cluster"})
"""Values of the parameter `view` that are of no video, as in static/toolkit/router.js."""

REPLACED = {
    "previews": (r'\s*<meta\s+(?:property="og:|name="twitter:)[^>]*>', ""),
    "configuration": (
        r"(<script>window\.gradio_config = .*?</script>)",
        r"\1<script>window.gradio_config.root = "
        r'new URL(".", document.baseURI).href.replace(/\\/$/, "");</script>',
    ),
    "root": (r'const root = "[^"]*";', "const root = window.gradio_config.root;"),
    "manifest": (r'href="/manifest\.json"', 'href="./manifest.json"'),
}
"""Parts of Gradio's document: what they look like, and what takes their place."""
WATCH = """<script>{
  const tell = () => {
    const skeleton = document.getElementById("skeleton");
    if (!skeleton) return;
    skeleton.dataset.failed = "yes";
    skeleton.setAttribute("aria-busy", "false");
  };
  const failed = ({ target }) => {
    const needed = /^(SCRIPT|modulepreload|stylesheet)$/;
    if (target !== window && !needed.test(target.rel || target.tagName)) return;
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", tell);
    else tell();
  };
  window.addEventListener("error", failed, true);
  window.addEventListener("unhandledrejection", failed);
}</script>"""
"""Tells in the skeleton that a script or style sheet has not come, or that a script has thrown an error."""
_BASE = re.compile(r'<base href="[^"]*"\s*/?>')
_BODY = re.compile(r"<body\b[^>]*>")


def head_lines(modules: StaticModules) -> str:
    """Title and description, also for link previews, and the bundle, so that it is asked for at once."""
    lines = [
        f"<title>{html.escape(TITLE)}</title>",
        f'<meta name="description" content="{html.escape(DESCRIPTION)}">',
        f'<meta property="og:title" content="{html.escape(TITLE)}">',
        f'<meta property="og:description" content="{html.escape(DESCRIPTION)}">',
        '<meta property="og:type" content="website">',
        f'<meta property="og:site_name" content="{html.escape(TITLE)}">',
        '<meta name="twitter:card" content="summary">',
    ]
    lines += [
        '<meta name="color-scheme" content="light dark">',
        WATCH,  # before all that may fail
        f'<link rel="modulepreload" href="{html.escape(modules.url(SCRIPT))}">',
        f'<link rel="preload" as="style" href="{html.escape(modules.url(STYLE_SHEET))}">',
    ]
    return "\n".join(lines)


def skeleton_html(modules: StaticModules, *, video: bool) -> str:
    """The skeleton with its styles: of the page of a video, or of the start page."""
    view = "video" if video else "start"
    return f"<style>\n{modules.first_styles}</style>\n" + modules.skeleton.replace("{view}", view)


def _followed_by(added: str, tag: re.Match[str]) -> str:
    return f"{tag[0]}\n{added}"


class OwnDocument:
    """ASGI middleware: rewrites the document at "/"; all else passes through."""

    def __init__(self, app: ASGIApp, modules: StaticModules) -> None:
        self._app = app
        self._head = head_lines(modules)
        self._skeletons = {video: skeleton_html(modules, video=video) for video in (False, True)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; an HTML answer is held until it is whole."""
        if scope["type"] != "http" or scope["path"] != "/":
            await self._app(scope, receive, send)
            return
        started: Message | None = None
        body = bytearray()

        async def rewrite(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = message
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            assert started is not None
            content_type = Headers(scope=started).get("content-type", "")
            if started["status"] != 200 or not content_type.startswith("text/html"):
                await send(started)
                await send({"type": "http.response.body", "body": bytes(body)})
                return
            document = self.rewritten(body.decode(), video=_names_a_video(scope))
            made = answer(document.encode(), "text/html").to(scope)
            made.headers["Cache-Control"] = "no-cache"
            await made(scope, receive, send)

        # HEAD becomes GET: its length and tag are those of the document.
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        await self._app({**_not_compressed(scope), "method": method}, receive, rewrite)

    def rewritten(self, document: str, *, video: bool) -> str:
        """Gradio's document with our head and skeleton, and without addresses that depend on the request."""
        for pattern, instead in REPLACED.values():
            document = re.sub(pattern, instead, document, flags=re.DOTALL)
        for tag, added in ((_BASE, self._head), (_BODY, self._skeletons[video])):
            document = tag.sub(partial(_followed_by, added), document, count=1)
        return document


def _names_a_video(scope: Scope) -> bool:
    """Whether static/toolkit/router.js will open a video at this address."""
    named = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    return bool(named.get("v", [""])[0]) and named.get("view", [""])[0] not in VIEWS


def _not_compressed(scope: Scope) -> Scope:
    """The request without Accept-Encoding: a compressed document could not be changed."""
    headers = Headers(scope=scope)
    return {**scope, "headers": [(name, value) for name, value in headers.raw if name != b"accept-encoding"]}
