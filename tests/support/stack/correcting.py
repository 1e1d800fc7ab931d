"""A film on the whole stack with known segments, and what tests of correcting do to it in a browser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from cluster.client import Client
from tests.support.media import NUMBER_BITS, Picture, make_media

FPS = 25
FRAMES = 600
STARTS: dict[str, list[int]] = {
    "shot": [0, 100, 200, 300, 400, 500],
    "scene": [0, 200, 400],
    "chapter": [0, 400],
}
"""First frames of the film's segments before a test changes them."""

READ_NUMBER = """canvas => {
    const context = canvas.getContext("2d");
    const width = canvas.width / BITS;
    let number = 0;
    for (let bit = 0; bit < BITS; bit += 1) {
        const [red] = context.getImageData((bit + 0.5) * width, canvas.height / 16, 1, 1).data;
        if (red > 118) number |= 1 << bit;
    }
    return number;
}""".replace("BITS", str(NUMBER_BITS))
"""Which frame a canvas shows, by the number that `tests.support.media` draws into it."""


@dataclass(frozen=True)
class Corrected:
    """A video of the stack, and its page's address."""

    client: Client
    id: str
    url: str

    @property
    def revision(self) -> int:
        revision: int = self.client.video(self.id)["revision"]
        return revision

    def starts(self, level: str) -> list[int]:
        """First frames of the current result's segments."""
        return [one["start_frame"] for one in self.client.segments(self.id, level=level)]

    def save(self, **lists: list[dict[str, Any]]) -> None:
        """Correct it as another program would."""
        self.client.correct(self.id, revision=self.revision, **lists)


def make_film(path: Path) -> Path:
    """Twenty-four seconds in six shots; each frame carries its number."""
    shots = [end - start for start, end in zip(STARTS["shot"], [*STARTS["shot"][1:], FRAMES], strict=True)]
    return make_media(path, Picture(shots=shots, size=(320, 180), gop=25))


def corrected(client: Client, url: str, film: Path) -> Corrected:
    """Uploads the film and gives it the segments of STARTS, none of which is locked."""
    video_id = client.upload(film)
    assert client.wait(video_id)["state"] == "done"
    entries = {
        level: [{"start_frame": frame, "locked": False} for frame in starts[1:]]
        for level, starts in STARTS.items()
    }
    client.correct(
        video_id, revision=1, shots=entries["shot"], scenes=entries["scene"], chapters=entries["chapter"]
    )
    return Corrected(client, video_id, f"{url}/?v={video_id}")


def cells(page: Page, level: str) -> Locator:
    """The segments of a level in the timeline."""
    return page.locator(f'.tl-segment[data-level="{level}"]')


def expect_starts(page: Page, level: str, frames: Sequence[int]) -> None:
    """Waits until the timeline's segments of a level begin at these frames."""
    page.wait_for_function(
        """([level, fps, frames]) => {
            const cells = document.querySelectorAll(`.tl-segment[data-level="${level}"]`);
            const shown = [...cells].map(cell => Math.round(Number(cell.dataset.start) * fps * 1000) / 1000);
            return JSON.stringify(shown.sort((a, b) => a - b)) === JSON.stringify(frames);
        }""",
        arg=[level, FPS, list(frames)],
    )


def edit(page: Page) -> None:
    """Wait for the segments and open the draft."""
    expect(cells(page, "shot")).to_have_count(len(STARTS["shot"]))
    page.get_by_role("button", name="Edit", exact=True).click()
    expect(page.get_by_role("group", name="Edit")).to_be_visible()


def point(page: Page, level: str, frame: float) -> tuple[float, float]:
    """Where a frame begins in a level's row, in the window."""
    page.locator(f'.tl-row[data-level="{level}"]').scroll_into_view_if_needed()
    row = page.locator(f'.tl-row[data-level="{level}"]').bounding_box()
    assert row is not None
    return row["x"] + row["width"] * frame / FRAMES, row["y"] + row["height"] / 2


def hold(page: Page, level: str, frame: int, to: float) -> None:
    """Press on a boundary and drag it to a place, without letting it go."""
    page.mouse.move(*point(page, level, frame))
    page.mouse.down()
    page.mouse.move(*point(page, level, (frame + to) / 2), steps=3)
    page.mouse.move(*point(page, level, to), steps=3)


def drag(page: Page, level: str, frame: int, to: float) -> None:
    """Drag a boundary, and let it go there."""
    hold(page, level, frame, to)
    page.mouse.up()


def go_to(page: Page, frame: int) -> None:
    """Let the player show a frame."""
    page.mouse.click(*point(page, "chapter", 0.5))
    page.locator("video").evaluate(
        "(video, time) => { video.pause(); video.currentTime = time; }", (frame + 0.5) / FPS
    )
    page.wait_for_function(
        "frame => Math.floor(document.querySelector('video').currentTime * 25 + 0.01) === frame", arg=frame
    )
