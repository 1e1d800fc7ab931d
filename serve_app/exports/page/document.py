"""Writes one self-contained HTML page: timeline, keyframes, labels and measurements. Needs no network.

The page has its own Content-Security-Policy: no script, the style by its hash, images as data URLs. So it
also works where a server adds a strict policy. Knows no other format.
"""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from importlib.resources import files

from cluster.contract.results import Segment
from cluster.contract.vocabulary import COARSE_TO_FINE, CONTENT, VIDEO_START, Level
from cluster.terminal import clock
from serve_app.exports.material import Export, one_line, title
from serve_app.exports.page.images import EmbeddedImages
from serve_app.exports.page.spoken import kind_name, length, share
from serve_app.exports.page.strip import strip


def write_html(made: Export) -> Iterator[str]:
    """The page in pieces, one for each card, so that an image is read only when its card is sent.

    Shows the levels from chapters down to that of `made` (default: shots; without a picture, scenes). A card
    is a segment of the last.
    """
    finest = made.level or ("shot" if made.has_picture else "scene")
    shown = COARSE_TO_FINE[: COARSE_TO_FINE.index(finest) + 1]
    levels = {level: made.of(level) for level in shown}
    cards = levels[shown[-1]]
    images = EmbeddedImages(cards, made.image)
    yield _head(made)
    yield f'<header><h1 dir="auto">{_text(made.filename)}</h1><p class="facts">{_facts(made, levels)}</p>'
    yield strip(levels)
    if images.left_out:
        yield '<p class="facts">Keyframes of some segments are left out, to keep the page small.</p>'
    yield "</header><main>"
    chapters = levels["chapter"] if len(shown) > 1 else []
    children = [_by_parent(levels[level]) for level in shown[1:]]
    if len(shown) == 1:
        yield from _grid(cards, images, made)
    for chapter in chapters:
        yield f'<section id="chapter-{chapter.index}"><h2>{_heading(chapter)}</h2>'
        inside = children[0][chapter.index]
        if len(shown) == 2:
            yield from _grid(inside, images, made)
        else:
            for scene in inside:
                yield f'<section id="scene-{scene.index}"><h3>{_heading(scene)}</h3>'
                yield from _grid(children[1][scene.index], images, made)
                yield "</section>"
        yield "</section>"
    yield "</main></body></html>\n"


@cache
def style() -> str:
    """The page's style sheet."""
    return files("serve_app.exports.page").joinpath("page.css").read_text(encoding="utf-8")


@cache
def policy() -> str:
    """The page's Content-Security-Policy (CSP Level 3): its own images and its own style, nothing else."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def _head(made: Export) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy())}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        f"<title>{_text(made.filename)}</title><style>{style()}</style></head><body>"
    )


def _facts(made: Export, levels: Mapping[Level, list[Segment]]) -> str:
    media = made.media
    facts = []
    if media.get("duration_s"):
        facts.append(length(float(media["duration_s"])))
    if media.get("width") and media.get("height"):
        aspect = media.get("pixel_aspect") or "1:1"
        shape = "" if aspect == "1:1" else f" (pixels {aspect})"
        facts.append(f"{media['width']} × {media['height']}{shape}")
    if media.get("fps") and made.has_picture:
        facts.append(f"{media['fps']:.5g} fps{' (variable)' if media.get('variable_frame_rate') else ''}")
    if media.get("timecode"):
        facts.append(f"timecode {media['timecode']}")
    if not made.has_picture:
        facts.append(f"{media.get('audio_codec')}, no picture")
    elif media.get("video_codec"):
        facts.append(f"{media['video_codec']} / {media.get('audio_codec') or 'no sound'}")
    facts += [f"{len(of)} {level}{'' if len(of) == 1 else 's'}" for level, of in levels.items()]
    return " · ".join(_text(fact) for fact in facts)


def _by_parent(segments: list[Segment]) -> defaultdict[int | None, list[Segment]]:
    found: defaultdict[int | None, list[Segment]] = defaultdict(list)
    for segment in segments:
        found[segment.parent].append(segment)
    return found


def _heading(segment: Segment) -> str:
    span = f"{clock(segment.start_s)} – {clock(segment.end_s)}"
    return f"{_text(title(segment))} <small>{span} · {length(segment.end_s - segment.start_s)}</small>"


def _grid(segments: list[Segment], images: EmbeddedImages, made: Export) -> Iterator[str]:
    yield '<div class="grid">'
    for segment in segments:
        yield _card(segment, images.url_of(segment), has_picture=made.has_picture)
    yield "</div>"


def _card(segment: Segment, image: str | None, *, has_picture: bool) -> str:
    boundary = segment.start_boundary
    name = title(segment)
    none = '<div class="none">no keyframe</div>' if has_picture else ""
    picture = f'<img src="{image}" alt="" loading="lazy">' if image else none
    begins = f'<span class="kind">{_text(kind_name(boundary.kind))}</span>'
    if boundary.kind != VIDEO_START:
        begins += (
            f' <meter min="0" max="1" value="{boundary.confidence:.3f}"></meter> {share(boundary.confidence)}'
        )
    span = f"<time>{clock(segment.start_s)}</time> · {length(segment.end_s - segment.start_s)}"
    frames = (
        f'<p class="facts">frames {segment.start_frame}–{segment.end_frame - 1}</p>' if has_picture else ""
    )
    return (
        f'<article id="{segment.level}-{segment.index}">{picture}<h4>{_text(name)}</h4><p>{span}</p>'
        f"{frames}<p>{begins}</p>{_seen_and_heard(segment)}</article>"
    )


def _seen_and_heard(segment: Segment) -> str:
    said = []
    if segment.audio is not None:
        heard = {name: getattr(segment.audio, name) for name in ("speech", "singing", "music", "silence")}
        said += [f"{name} {share(value)}" for name, value in heard.items() if value >= 0.05]
        if segment.audio.loudness_lufs is not None:
            said.append(f"{segment.audio.loudness_lufs:.1f} LUFS")
    lines = f'<p class="facts">{_text(" · ".join(said))}</p>' if said else ""
    if segment.role != CONTENT:
        lines += f'<p class="facts">{_text(segment.role)}</p>'
    if segment.keywords:
        lines += f'<p class="facts" dir="auto">{_text(", ".join(segment.keywords))}</p>'
    if segment.visual is not None and segment.visual.tags:
        tags = ", ".join(tag.label for tag in segment.visual.tags)
        lines += f'<p class="facts" dir="auto">{_text(tags)}</p>'
    return lines


def _text(text: str) -> str:
    return escape(one_line(text))
