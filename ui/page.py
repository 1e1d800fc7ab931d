"""The frame of the page as Gradio Blocks: which panels there are and where they stand.

Each panel is one `gr.HTML` whose behaviour is a module in static/; Gradio's `js_on_load` hands the element
over and takes no further part, so there is no event, no queue and no state on the server. What a panel does
is not known here.
"""

from __future__ import annotations

import html
import json

import gradio as gr

from ui.static_files import ENTRY_MODULE, STYLE_SHEETS, StaticModules

TITLE = "Scenestream"

API_PREFIX = "/api/v1"
"""Of the same origin, as the browser sees it."""

PRESETS = ("film", "talk", "news", "sports", "music", "screencast")
"""In the order offered; what they mean is known to the API."""

SYSTEM_FONT = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]
SYSTEM_MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"]


def theme() -> gr.themes.Base:
    """Gradio's plainest theme with the fonts of the system: nothing is fetched for it."""
    return gr.themes.Base(font=SYSTEM_FONT, font_mono=SYSTEM_MONO)


def head_html(modules: StaticModules) -> str:
    """Style sheets, early loading of the entry module, and the configuration the modules read."""
    config = json.dumps({"api": API_PREFIX}).replace("<", "\\u003c")
    lines = [f'<link rel="stylesheet" href="{html.escape(modules.url(name))}">' for name in STYLE_SHEETS]
    lines.append(f'<link rel="modulepreload" href="{html.escape(modules.url(ENTRY_MODULE))}">')
    lines.append('<meta name="color-scheme" content="light dark">')
    lines.append(f'<script type="application/json" id="scenestream-config">{config}</script>')
    return "\n".join(lines)


def _panel(modules: StaticModules, name: str, **config: object) -> gr.HTML:
    """An empty element that the module registered under `name` fills; `config` is passed to it as it is."""
    call = f"module => module.mount({json.dumps(name)}, element, {json.dumps(config)})"
    return gr.HTML(
        elem_id=f"panel-{name}",
        html_template="",
        js_on_load=f"import({json.dumps(modules.url(ENTRY_MODULE))}).then({call})",
        apply_default_css=False,
    )


def build_page(modules: StaticModules, *, part_bytes: int) -> gr.Blocks:
    """The Blocks. `part_bytes` is the largest part of an upload that the API takes."""
    page: gr.Blocks
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as page:
        _panel(modules, "header")
        with gr.Row(elem_id="frame"):
            with gr.Column(elem_id="side"):
                _panel(modules, "upload", partBytes=part_bytes, presets=PRESETS)
                _panel(modules, "library")
            with gr.Column(elem_id="desk"):
                _panel(modules, "welcome")
                _panel(modules, "status")
                with gr.Row(elem_id="stage"):
                    _panel(modules, "player")
                    _panel(modules, "segments")
                _panel(modules, "timeline")
    return page
