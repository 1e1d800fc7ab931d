"""What a command costs, measured on real ones, and the races of commands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av
import psutil
import pytest

from tests.benchmarks.detectors import Detection, Scenestream
from tests.benchmarks.films import Film
from tests.benchmarks.timing.footage import SPEED_FILM_S, speed_film
from tests.benchmarks.timing.speed import raced
from tests.benchmarks.timing.timed import LAUNCHER, CommandError, Cost, run
from tests.support.media import Picture, Sound, make_media

MIB = 1 << 20


def python(code: str) -> list[str]:
    return [sys.executable, "-S", "-c", code]


def test_memory_is_the_command_s_own_not_ours() -> None:
    ballast = bytearray(200 * MIB)

    small, large = run(python("pass")), run(python(f"x = b'x' * (150 * {MIB})"))

    assert len(ballast) > small.peak_rss_bytes
    assert 150 * MIB < large.peak_rss_bytes < 200 * MIB


def test_time_of_children_counts() -> None:
    busy = "import time\nwhile time.process_time() < 0.4: pass"
    cost = run(python(f"import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', {busy!r}])"))

    assert cost.cpu_s >= 0.4
    assert cost.wall_s >= 0.4


def test_a_command_that_fails_says_why() -> None:
    with pytest.raises(CommandError, match=r"ended with code 3: no luck$"):
        run(
            python(
                "import sys; print('first', file=sys.stderr); print('no luck', file=sys.stderr); sys.exit(3)"
            )
        )


def test_a_command_that_is_not_there() -> None:
    with pytest.raises(CommandError, match="no-such-command could not be started"):
        run(["no-such-command"])


def test_a_command_that_hangs_is_ended() -> None:
    with pytest.raises(CommandError, match=r"was stopped after 0 s"):
        run(python("import time; time.sleep(60)"), timeout_s=0.1)


def test_a_command_ends_with_who_started_it(tmp_path: Path) -> None:
    words = python("import os, sys, time; print(os.getpid(), flush=True); time.sleep(60)")
    launched = subprocess.Popen(
        [sys.executable, LAUNCHER, tmp_path / "cost.json", "60", *words], stdout=subprocess.PIPE, text=True
    )
    with launched:
        assert launched.stdout is not None
        command = psutil.Process(int(launched.stdout.readline()))
        launched.terminate()
        assert launched.wait(timeout=120) != 0
    command.wait(timeout=120)
    assert not (tmp_path / "cost.json").exists()


class Sleeper(Scenestream):
    """Costs what it is told."""

    name = "sleeper"

    def __init__(self, *walls_s: float) -> None:
        self._walls_s = list(walls_s)

    def detect(self, film: Path) -> Detection:
        return Detection({}, None, Cost(self._walls_s.pop(0), 1.0, 5))


class Broken(Scenestream):
    name = "broken"

    def detect(self, film: Path) -> Detection:
        raise CommandError("it broke")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_media(tmp_path_factory.mktemp("clip") / "clip.mp4", Picture(shots=(30, 20), size=(160, 96)))


def test_every_command_runs_in_every_round(clip: Path) -> None:
    told: list[str] = []

    speed = raced(clip, [Sleeper(3.0, 1.0, 2.0), Broken()], 3, told.append)

    assert (speed.width_px, speed.height_px, speed.film_s) == (160, 96, pytest.approx(2.0, abs=0.1))
    sleeper, broken, decode = (speed.row(name) for name in ("sleeper", "broken", "ffmpeg decode"))
    assert sleeper is not None
    assert (sleeper.wall_s, sleeper.cpu_s, sleeper.peak_rss_bytes) == (2.0, 1.0, 5)
    assert broken is not None
    assert broken.error == "it broke"
    assert decode is not None
    assert decode.times_decode == 1.0
    assert sleeper.times_decode is not None
    assert sum("sleeper" in line for line in told) == 3
    assert sum("broken" in line for line in told) == 1


def test_a_long_film_is_made_of_short_ones_once(clip: Path, tmp_path: Path) -> None:
    heard = make_media(
        tmp_path / "heard.mkv", Picture(shots=(30,), size=(96, 96)), Sound(parts=(("noise", 1.2),))
    )
    films = [Film(path, "dev", {"fps": "25/1", "frames": n}) for path, n in ((clip, 50), (heard, 30))]

    made = speed_film(films, tmp_path, length_s=4.0, size=(128, 72))
    written_ns = made.stat().st_mtime_ns

    with av.open(str(made)) as container:
        picture = container.streams.video[0]
        assert (picture.width, picture.height) == (128, 72)
        assert float(container.duration or 0) / av.time_base == pytest.approx(4.0, abs=0.3)
        assert len(container.streams.audio) == 1
        assert sum(1 for _ in container.decode(video=0)) == pytest.approx(100, abs=6)
    assert speed_film(films, tmp_path, length_s=4.0, size=(128, 72)) == made
    assert made.stat().st_mtime_ns == written_ns


def test_a_film_that_is_long_enough_is_raced_as_it_is(tmp_path: Path) -> None:
    frames = round(SPEED_FILM_S * 25)
    short, long = (
        Film(tmp_path / name, "dev", {"fps": "25/1", "frames": n}) for name, n in (("a", 9), ("b", frames))
    )

    assert speed_film([short, long], tmp_path) == long.path
