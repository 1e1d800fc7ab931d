"""Long films to measure speed and memory on, made of the given ones by ffmpeg and kept for the next time.

Knows ffmpeg's command line; not what is measured.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import av

from tests.benchmarks.films import Film
from tests.benchmarks.timing.timed import CommandError, run

SPEED_FILM_S = 600.0
LONG_ENOUGH = 0.9
"""A given film of this share of the wanted length is measured as it is."""
MEMORY_FILM_S = 7200.0
MEMORY_CLIP_S = 60.0

HD, FULL_HD = (1280, 720), (1920, 1080)
FPS = 25
_PICTURE = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p", "-g", "250"]
_SOUND = ["-c:a", "aac", "-ar", "48000", "-ac", "2", "-b:a", "128k"]
_SILENCE = ["-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo", "-shortest"]


def speed_film(
    films: Sequence[Film], folder: Path, length_s: float = SPEED_FILM_S, size: tuple[int, int] = HD
) -> Path:
    """The longest of the films if it is long enough; else ten minutes of 720p, made of the longest ones,
    over and over if they do not suffice. CommandError when ffmpeg fails."""
    by_length = sorted(films, key=lambda film: -film.duration_s)
    if by_length[0].duration_s >= LONG_ENOUGH * length_s:
        return by_length[0].path
    parts: list[Film] = []
    total_s = 0.0
    while total_s < length_s:
        parts.append(by_length[len(parts) % len(by_length)])
        total_s += parts[-1].duration_s
    return _made(folder, "speed", [film.path for film in parts], size, length_s)


def memory_film(films: Sequence[Film], folder: Path) -> Path:
    """Two hours of 1080p: a minute of the longest film, over and over. CommandError when ffmpeg fails."""
    longest = max(films, key=lambda film: film.duration_s)
    clip_s = min(MEMORY_CLIP_S, longest.duration_s)
    parts = [longest.path] * (int(MEMORY_FILM_S / clip_s) + 1)
    return _made(folder, "memory", parts, FULL_HD, MEMORY_FILM_S, clip_s)


def _made(
    folder: Path,
    name: str,
    parts: Sequence[Path],
    size: tuple[int, int],
    length_s: float,
    part_s: float | None = None,
) -> Path:
    """`parts` one after the other, each encoded once, at most `part_s` of it; the streams are only copied."""
    recipe = repr(
        (_PICTURE, _SOUND, FPS, size, length_s, part_s, [(p.name, p.stat().st_size) for p in parts])
    )
    made = folder / f"{name}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}.mp4"
    if made.exists():
        return made
    with tempfile.TemporaryDirectory(prefix="footage-", dir=folder) as work:
        clips: dict[Path, Path] = {}
        for part in parts:
            if part not in clips:
                clips[part] = Path(work, f"{len(clips)}.mkv")
                _encode(part, clips[part], size, part_s)
        listing = Path(work, "list.txt")
        listing.write_text("".join(f"file '{clips[part].name}'\n" for part in parts), encoding="utf-8")
        joined = Path(work, "joined.mp4")
        ffmpeg("-f", "concat", "-i", listing, "-c", "copy", "-t", str(length_s), joined)
        joined.rename(made)
    return made


def _encode(source: Path, target: Path, size: tuple[int, int], length_s: float | None) -> None:
    width, height = size
    with av.open(str(source)) as container:
        silent = not container.streams.audio
    fit = f"scale={width}:{height}:force_original_aspect_ratio=decrease"
    frame = f"{fit},pad={width}:{height}:(ow-iw)/2:(oh-ih)/2,setsar=1,fps={FPS}"
    shorter = ["-t", str(length_s)] if length_s is not None else []
    sound = _SILENCE if silent else []
    ffmpeg("-i", source, *sound, "-vf", frame, *_PICTURE, *_SOUND, "-sn", "-dn", *shorter, target)


def ffmpeg(*arguments: str | Path) -> None:
    """Run ffmpeg with these arguments. CommandError when it is missing or fails."""
    program = shutil.which("ffmpeg")
    if program is None:
        raise CommandError("ffmpeg is not installed; the system's package manager has it")
    run([program, "-nostdin", "-v", "error", "-y", *arguments])
