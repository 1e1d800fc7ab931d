"""Composed programmes with known shots, scenes and sound, from two sets of sources that share none.

The generator `programme/make_programme.py` stands in the folder of labelled films, not in this repository; it
reads its sources from a file `pool_NAME.py` beside it, which is written here. Programmes of the pool FITTED
are fitted to; those of HELD_OUT (other footage, other speakers, other music and noise) are only measured.
Knows sources by their paths below the folder; does not know what is fitted.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

GENERATOR = Path("programme", "make_programme.py")
MINUTES = 3.6
"""Length of each programme, as that of the two that come with the generator."""

FITTED, HELD_OUT = "fitted", "heldout"
"""Names of the pools. The generator draws from them by name and seed."""

TAKES_LIST = Path("takes", "takes.tsv")
TAKE_FRAMES_MIN = 90
"""Shorter takes would be played to and fro many times within a scene."""
TAKE_FRAMES_MAX = 500
"""More would only take memory: a scene is 9 to 22 s long."""

_SINTEL, _CHROME, _STEEL, _BIKES, _NASA, _CITY = (
    "dev/" + name
    for name in (
        "sintel_trailer-720p.mp4",
        "chrome_ad.mp4",
        "tears_of_steel_excerpt_vp9.webm",
        "bikes.mp4",
        "nasa_13013.mp4",
        "cityCC0.mpg",
    )
)
_SINTEL_BOX, _STEEL_BOX = (0, 92, 1280, 628), (0, 0, 1920, 800)
"""Left, top, right, bottom in pixels: the picture inside the film's black bars."""

# Clips: file, first frame, last frame, video stream, crop; all within one shot of the film
_FITTED_PLACES: tuple[str | dict[str, Any], ...] = (
    *("images/" + name for name in ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg")),
    *("images/" + name for name in ("flower.jpg", "Dune.jpg", "LadyBird.jpg")),
    {"name": "tos_room", "takes": [(_STEEL, 46, 195, 0, _STEEL_BOX), (_STEEL, 0, 42, 0, _STEEL_BOX)]},
    {"name": "tos_ruin", "takes": [(_STEEL, 297, 399, 0, _STEEL_BOX)]},
    {"name": "city", "takes": [(_CITY, 2, 114), (_CITY, 117, 188)]},
    {"name": "telescope", "takes": [(_NASA, 0, 148, 1), (_NASA, 181, 238, 1), (_NASA, 242, 389, 1)]},
    {
        "name": "street",
        "takes": [(_BIKES, 31, 75), (_BIKES, 77, 136), (_BIKES, 137, 186), (_BIKES, 187, 241)],
    },
    {
        "name": "sintel_sky",
        "takes": [(_SINTEL, 624, 656, 0, _SINTEL_BOX), (_SINTEL, 793, 816, 0, _SINTEL_BOX)],
        "speed": 0.5,
    },
    {
        "name": "sintel_hut",
        "takes": [(_SINTEL, 306, 333, 0, _SINTEL_BOX), (_SINTEL, 336, 354, 0, _SINTEL_BOX)],
        "speed": 0.5,
    },
    {"name": "sintel_dunes", "takes": [(_SINTEL, 868, 938, 0, _SINTEL_BOX)]},
    {"name": "sintel_snow", "takes": [(_SINTEL, 156, 190, 0, _SINTEL_BOX)]},
    {"name": "tree", "takes": [(_CHROME, 40, 160)], "zoom": (1.0, 2.2)},
    {"name": "hammock", "takes": [(_CHROME, 572, 634), (_CHROME, 636, 659), (_CHROME, 808, 897)]},
    {"name": "laptop", "takes": [(_CHROME, 318, 392), (_CHROME, 226, 278)]},
)

_ASTERISK, _LIBROSA, _INA = "audio/asterisk_en/", "audio/librosa/", "audio/ina/"

_POOLS: dict[str, dict[str, Any]] = {
    FITTED: {
        "LONG": ["images/Dune.jpg", "images/LadyBird.jpg"],
        "SPEECH": {
            "en_a": [
                (f"{_ASTERISK}{name}.wav",)
                for name in ("demo-congrats", "demo-echotest", "demo-abouttotry", "vm-options")
            ],
            "en_b": [
                (f"{_ASTERISK}{name}.wav", 0.0, None, 0.9)
                for name in ("demo-instruct", "priv-callee-options")
            ],
            "reader_198": [(_LIBROSA + "198-209-0000.ogg",)],
            "reader_3436": [(_LIBROSA + "3436-172162-0000.ogg",)],
        },
        "MUSIC": [
            (
                (
                    _LIBROSA + "Hungarian_Dance_number_5_-_Allegro_in_F_sharp_minor_(string_orchestra).ogg",
                    0.0,
                    None,
                ),
                False,
            ),
            ((_LIBROSA + "Kevin_MacLeod_-_Vibe_Ace.ogg", 0.0, None), False),
            ((_LIBROSA + "Karissa_Hobbs_-_Lets_Go_Fishin.ogg", 0.0, None), True),
        ],
        "NOISE": [
            (_ASTERISK + "tt-monkeys.wav", 0.0, None),
            (_LIBROSA + "glacier-bay-humpback.ogg", 0.0, None),
        ],
        "SYNTH": ["wind", "rain", "traffic"],
    },
    HELD_OUT: {
        "LONG": ["images/Storm.jpg", "images/china.jpg"],
        "SPEECH": {
            "reader_5703": [(_LIBROSA + "5703-47212-0000.ogg",)],
            "lamartine_f": [(_INA + "lamartine.wav", 0.0, 7.9)],
            "lamartine_m": [(_INA + "lamartine.wav", 8.1, None)],
            "musan": [(_INA + "musanmix.mp3", 63.3, None)],
        },
        "MUSIC": [
            (
                (
                    _LIBROSA + "Kevin_MacLeod_-_P_I_Tchaikovsky_Dance_of_the_Sugar_Plum_Fairy.ogg",
                    0.0,
                    115.0,
                ),
                False,
            ),
            ((_LIBROSA + "sorohanro_-_solo-trumpet-06.ogg", 0.0, None), False),
            ((_INA + "musanmix.mp3", 0.3, 22.0), False),
        ],
        "NOISE": [
            (_INA + "musanmix.mp3", 29.2, 52.6),
            (_LIBROSA + "456440__inspectorj__bird-whistling-robin-single-13.ogg", 0.0, None),
        ],
        "SYNTH": ["surf", "fan", "fire", "train"],
    },
}
_STRIDE = 10
"""Places by which neighbouring seeds start apart in the pool; about as many as one programme takes."""


def made(folder: Path, out: Path, pool: str, seeds: Sequence[int]) -> list[Path]:
    """The programmes of these seeds, made in `out` unless they are there, from the sources below `folder`.

    FileNotFoundError without the generator, CalledProcessError when it fails.
    """
    out.mkdir(parents=True, exist_ok=True)
    paths = [out / f"programme_{pool}_{seed}.mp4" for seed in seeds]
    missing = [
        (path, seed)
        for path, seed in zip(paths, seeds, strict=True)
        if not path.with_name(path.name + ".labels.json").exists()
    ]
    if missing:
        program = out / GENERATOR.name
        shutil.copyfile(folder / GENERATOR, program)
        (out / f"pool_{pool}.py").write_text(_as_module(pool_of(folder, pool)), encoding="utf-8")
        for path, seed in missing:
            command = [sys.executable, str(program), str(path.with_suffix("")), str(seed), "--pool", pool]
            command += ["--minutes", str(MINUTES), "--root", str(folder)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return paths


def pool_of(folder: Path, pool: str) -> dict[str, Any]:
    """Sources of a pool, as the generator names them."""
    places = _FITTED_PLACES if pool == FITTED else tuple(_takes(folder))
    return {"NAME": pool, "STRIDE": _STRIDE, "FILMS": [], "PLACES": list(places), **_POOLS[pool]}


def sources_of(pool: Mapping[str, Any]) -> list[str]:
    """Paths of all files of a pool, sorted, each once."""
    clips = [take[0] for place in pool["PLACES"] if not isinstance(place, str) for take in place["takes"]]
    stills = [place for place in pool["PLACES"] if isinstance(place, str)]
    voices = [part[0] for parts in pool["SPEECH"].values() for part in parts]
    music = [track[0][0] for track in pool["MUSIC"]]
    noise = [noise[0] for noise in pool["NOISE"]]
    return sorted({*clips, *stills, *pool["LONG"], *voices, *music, *noise})


def _takes(folder: Path) -> Iterator[dict[str, Any]]:
    """Each take that is long enough is a place of its own."""
    with (folder / TAKES_LIST).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            frames = int(row["frames"])
            if frames >= TAKE_FRAMES_MIN:
                last = min(frames, TAKE_FRAMES_MAX) - 1
                yield {"name": row["file"], "takes": [(f"takes/{row['file']}", 0, last)]}


def _as_module(pool: Mapping[str, Any]) -> str:
    return "".join(f"{name} = {value!r}\n" for name, value in pool.items())
