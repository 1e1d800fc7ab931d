"""`make bench BENCH_ARGS=FOLDER`: quality and speed on labelled videos, as a table.

FOLDER is searched for `NAME` beside `NAME.labels.json` (keys fps, frames, cuts, gradual and, optionally,
optional, edges, scenes, scene_zones). Without a folder, the demonstration clip is measured, whose cuts are
known. Writes var/bench/bench.json and bench.md, and prints the latter. Speed is given as a ratio to
decoding both streams in the same process: seconds of one machine say little about another.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av

from actors.segmentation import Models, segment_file
from cluster.local import demo_clip
from cluster.settings import get_settings
from tests.benchmarks.scoring import score_scenes, score_shots

COLUMNS = ("file", "frames", "shot F1", "precision", "recall", "scene F1", "times decode")


def main() -> int:
    """Measure every labelled video and write the table."""
    out = get_settings().var_dir / "bench"
    out.mkdir(parents=True, exist_ok=True)
    videos = list(_labelled(Path(sys.argv[1]))) if len(sys.argv) > 1 else [_demonstration(out)]
    if not videos:
        print(f"No video with a .labels.json beside it below {sys.argv[1]}.", file=sys.stderr)
        return 2
    models = Models.load()
    rows = [_measured(video, labels, models) for video, labels in videos]
    for name in ("shot F1", "scene F1"):
        values = [row[name] for row in rows if row[name] is not None]
        if values:
            print(f"mean {name}: {sum(values) / len(values):.4f} over {len(values)} videos", file=sys.stderr)
    (out / "bench.json").write_text(json.dumps(rows, indent=1) + "\n")
    table = _markdown(rows)
    (out / "bench.md").write_text(table)
    print(table)
    return 0


def _labelled(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for labels in sorted(folder.rglob("*.labels.json")):
        video = labels.with_name(labels.name.removesuffix(".labels.json"))
        if video.exists():
            yield video, json.loads(labels.read_text())


def _demonstration(out: Path) -> tuple[Path, dict[str, Any]]:
    film = out / "demo.mp4"
    demo_clip.make(film)
    return film, demo_clip.labels()


def _measured(video: Path, labels: dict[str, Any], models: Models) -> dict[str, Any]:
    decode_s = _decode_s(video)
    start = time.perf_counter()
    timeline = segment_file(video, models=models)
    took_s = time.perf_counter() - start
    cuts = [s.start_frame for s in timeline.level("shot")[1:] if s.start_boundary.kind != "audio"]
    shots = score_shots(labels, cuts)
    scenes = None
    if labels.get("scenes"):
        scenes = score_scenes(labels, [s.start_frame for s in timeline.level("scene")[1:]])
    print(f"{video.name}: shot F1 {shots.f1:.4f}", file=sys.stderr, flush=True)
    return {
        "file": video.name,
        "frames": labels["frames"],
        "shot F1": round(shots.f1, 4),
        "precision": round(shots.precision, 4),
        "recall": round(shots.recall, 4),
        "scene F1": None if scenes is None else round(scenes.f1, 4),
        "times decode": round(took_s / decode_s, 2),
    }


def _decode_s(video: Path) -> float:
    """Seconds to decode the picture and the sound, one after the other, with the decoder's own threads."""
    start = time.perf_counter()
    for kind in ("video", "audio"):
        with av.open(str(video)) as container:
            for stream in getattr(container.streams, kind)[:1]:
                stream.thread_type = "AUTO"
                for _ in container.decode(stream):
                    pass
    return time.perf_counter() - start


def _markdown(rows: list[dict[str, Any]]) -> str:
    lines = [COLUMNS, tuple("---" for _ in COLUMNS)]
    lines += [tuple("" if row[name] is None else str(row[name]) for name in COLUMNS) for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
