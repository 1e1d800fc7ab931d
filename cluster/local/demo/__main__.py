"""`make demo`: starts the stack, segments one video, prints its segments and the page's address."""

from __future__ import annotations

import sys
from pathlib import Path

from cluster import terminal
from cluster.client import Client
from cluster.contract.vocabulary import COARSE_TO_FINE
from cluster.errors import InvalidSettingsError, ScenestreamError
from cluster.local import up
from cluster.local.demo import clip as demo_clip
from cluster.settings import get_settings


def main() -> int:
    """Use the file of the command line, or a generated film. Exit code 1: failed, 2: wrong usage."""
    given = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    if given is not None and not given.is_file():
        print(f"No such file: {given}", file=sys.stderr)
        return 2
    try:
        return _run(given or _made(get_settings().var_dir / "demo.mp4"))
    except InvalidSettingsError as error:
        print(error.message, file=sys.stderr)
        return 2
    except ScenestreamError as error:
        print(error.message, file=sys.stderr)
        return 1


def _made(film: Path) -> Path:
    film.parent.mkdir(parents=True, exist_ok=True)
    demo_clip.make(film)
    return film


def _run(film: Path) -> int:
    with terminal.steps() as step:
        state = up(get_settings(), port=None, actors=None, progress=step)
    with Client(state.api_url) as client:
        with terminal.bar(f"uploading {film.name}", film.stat().st_size) as sent:
            video_id = client.upload(film, on_bytes=sent)
        with terminal.bar("segmenting", 1.0) as at:
            video = client.wait(video_id, on_video=lambda v: at(v["progress"]["fraction"]))
        if video["state"] != "done":
            print(video["error"]["message"] if video["error"] else video["state"], file=sys.stderr)
            return 1
        for level in COARSE_TO_FINE:
            print(f"\n{level}s")
            terminal.print_segments(list(client.segments(video_id, level=level)))
        print(f"\nThe page: {client.page_url(video_id)}    (`make down` stops the stack)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
