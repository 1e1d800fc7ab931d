"""The page's layout as Gradio Blocks: which panels it has and how they are nested.

Each panel is an empty `gr.HTML`. Gradio's `js_on_load` passes its element to static/main.js, which fills it;
after that Gradio takes no part, so there is no event, no queue and no state on the server. Does not know what
a panel does.
"""

from __future__ import annotations

import html
import json

import gradio as gr

from ui.bundle import SCRIPT, STYLE_SHEET
from ui.document import TITLE
from ui.static_files import StaticModules

API_PREFIX = "api/v1"
"""Path of the API from the page, which a proxy may serve below a prefix of its own."""

PRESETS = ("film", "talk", "news", "sports", "music", "screencast")
"""Presets of the upload panel, in its order; the API knows their settings, video/names.js their names."""

SYSTEM_FONT = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]
SYSTEM_MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"]


def theme() -> gr.themes.Base:
    """Gradio's plainest theme with system fonts, so that no font is downloaded."""
    return gr.themes.Base(font=SYSTEM_FONT, font_mono=SYSTEM_MONO)


def head_html(modules: StaticModules) -> str:
    """Lines that Gradio adds to `<head>` when it runs: our styles, and configuration that the modules read.

    They must come after Gradio's own style sheets; the rest of the head is in `ui.document`.
    """
    config = json.dumps({"api": API_PREFIX}).replace("<", "\\u003c")
    return "\n".join(
        (
            f'<link rel="stylesheet" href="{html.escape(modules.url(STYLE_SHEET))}">',
            f'<script type="application/json" id="scenestream-config">{config}</script>',
        )
    )


def _panel(modules: StaticModules, name: str, **config: object) -> gr.HTML:
    """An empty element that main.js fills with the panel `name`; `config` is passed to the panel as JSON."""
    call = f"module => module.mount({json.dumps(name)}, element, {json.dumps(config)})"
    # Relative to the page: an import in a function is else relative to Gradio's script that made it.
    module = f"new URL({json.dumps(modules.url(SCRIPT))}, document.baseURI).href"
    return gr.HTML(
        elem_id=f"panel-{name}",
        html_template="",
        js_on_load=f"import({module}).then({call})",
        apply_default_css=False,
    )


def build_page(modules: StaticModules, *, part_bytes: int) -> gr.Blocks:
    """The layout. `part_bytes` is the largest body of an upload's part that the API accepts."""
    page: gr.Blocks
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as page:
        _panel(modules, "header")
        with gr.Row(elem_id="frame"):
            with gr.Column(elem_id="side"):
                _panel(modules, "upload", partBytes=part_bytes, presets=PRESETS)
                _panel(modules, "library")
            with gr.Column(elem_id="desk"):
                _panel(modules, "welcome")
                _panel(modules, "cluster")
                _panel(modules, "status")
                with gr.Row(elem_id="stage"):
                    _panel(modules, "player")
                    _panel(modules, "segments")
                _panel(modules, "timeline")
    return page
