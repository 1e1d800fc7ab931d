"""ASGI middleware that makes Gradio's HTML document ours: our own head, and addresses relative to the page.

Gradio writes absolute addresses from the request's Host, and its own description for link previews. Behind a
proxy that serves the page below a prefix, or under another name, they lead nowhere, or to another origin,
which the content security policy blocks. Here everything is resolved against the address in the browser.
Knows Gradio's template as far as `REPLACED` says; a test holds that a newer Gradio still has it.
"""

from __future__ import annotations

import html
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.static_files import StaticModules

TITLE = "Scenestream"
DESCRIPTION = "Finds the shots, scenes and chapters of a video by picture and sound."

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


def head_lines(modules: StaticModules) -> str:
    """Title and description, also for link previews, and every module, so that all are asked for at once."""
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
        f'<link rel="modulepreload" href="{html.escape(modules.url(name))}">' for name in modules.scripts
    ]
    return "\n".join(lines)


class OwnDocument:
    """ASGI middleware: rewrites the document at "/"; all else passes through."""

    def __init__(self, app: ASGIApp, modules: StaticModules) -> None:
        self._app = app
        self._head = head_lines(modules)

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
            headers = MutableHeaders(scope=started)
            content = bytes(body)
            if headers.get("content-type", "").startswith("text/html") and content:
                content = self.rewritten(content.decode()).encode()
                headers["Content-Length"] = str(len(content))
            elif headers.get("content-type", "").startswith("text/html"):
                del headers["Content-Length"]  # of a HEAD request: the length before
            await send(started)
            await send({"type": "http.response.body", "body": content})

        await self._app(_not_compressed(scope), receive, rewrite)

    def rewritten(self, document: str) -> str:
        """Gradio's document with our head, and without addresses that depend on the request."""
        for pattern, instead in REPLACED.values():
            document = re.sub(pattern, instead, document, flags=re.DOTALL)
        return re.sub(
            r'(<base href="[^"]*"\s*/?>)', lambda found: f"{found[1]}\n{self._head}", document, count=1
        )


def _not_compressed(scope: Scope) -> Scope:
    """The request without Accept-Encoding: a compressed document could not be changed."""
    headers = Headers(scope=scope)
    return {**scope, "headers": [(name, value) for name, value in headers.raw if name != b"accept-encoding"]}
