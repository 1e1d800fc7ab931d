"""Names of files that lead elsewhere, look like something else, or are hard to show."""

from __future__ import annotations

import random

MOST_BYTES = 255
"""Of a file's name, as file systems have it."""
NAMES = (
    "new\nline.mp4",
    "tab\tand\rreturn.mkv",
    "‮4pm.exe.mp4",
    "concat:a.mp4|b.mp4",
    "http:⁄⁄127.0.0.1⁄a.mp4",
    "subfile,,start,0,end,0,,:a.mp4",
    "%d.mp4",
    "%03d.png",
    "*.mp4",
    "-i.mp4",
    "--help",
    "a;rm -rf ~.mp4",
    "$(touch here).mp4",
    "`touch here`.mp4",
    "'quotes\".mp4",
    "<img src=x onerror=alert(1)>.mp4",
    "pipe:0",
    "data:video⁄mp4;base64,AAAA",
    "lavfi:testsrc",
    "con.mp4",
    "..mp4",
    "....",
    " leading and trailing ",
    "emoji \U0001f3ac\u200d\U0001f3a5.mp4",
    "ａ" * 80 + ".mp4",
    "long" * 62 + ".mp4",
    "\udcff\udcfe.mp4",
)
"""Such as a file system takes."""
UNFIT = ("../../etc/passwd", "nul\0inside.mp4", "x" * 4000 + ".mp4", "/etc/passwd", "a/../../b.mp4", "")
"""Such as no file can have: only a client can send them as the name of an upload."""


def name(rng: random.Random, number: int) -> str:
    """A name for a file in a folder; every fourth is a hostile one. The number makes it the only one."""
    if rng.random() < 0.75:
        return f"{number}.{rng.choice(('mp4', 'mkv', 'm3u8', 'jpg', 'txt', 'bin'))}"
    hostile = f"{number}{rng.choice(NAMES)}"
    while len(hostile.encode("utf-8", "surrogateescape")) > MOST_BYTES:
        hostile = hostile[:-1]
    return hostile
