"""`make demo`: the stack up, one video through it, its segments printed, the page's address at the end."""

from __future__ import annotations

import sys
from pathlib import Path

from cluster import terminal
from cluster.client import Client
from cluster.errors import ScenestreamError
from cluster.local import demo_clip, up
from cluster.settings import get_settings


def main() -> int:
    """Run the demonstration with the file named on the command line, or with a film made here."""
    settings = get_settings()
    if len(sys.argv) > 1:
        film = Path(sys.argv[1])
        if not film.is_file():
            print(f"No such file: {film}", file=sys.stderr)
            return 2
    else:
        film = settings.var_dir / "demo.mp4"
        film.parent.mkdir(parents=True, exist_ok=True)
        demo_clip.make(film)
    try:
        return _run(film)
    except ScenestreamError as error:
        print(error.message, file=sys.stderr)
        return 1


def _run(film: Path) -> int:
    with terminal.steps() as step:
        state = up(get_settings(), port=None, actors=None, progress=step)
    with Client(state.api_url) as client:
        with terminal.bar(f"uploading {film.name}", film.stat().st_size) as sent:
            video_id = client.upload(film, on_bytes=sent)
        with terminal.bar("segmenting", 1.0) as at:
            video = client.wait(video_id, on_video=lambda v: at((v["progress"] or {}).get("fraction") or 0.0))
        if video["state"] != "done":
            print((video["error"] or {}).get("message", video["state"]), file=sys.stderr)
            return 1
        for level in ("chapter", "scene", "shot"):
            print(f"\n{level}s")
            terminal.print_segments(list(client.segments(video_id, level=level)))
        print(f"\nThe page: {client.page_url(video_id)}    (`make down` stops the stack)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
