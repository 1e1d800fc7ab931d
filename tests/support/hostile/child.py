"""Plans and analyses files in this process, one after the other, and tells of each what came of it.

`python -m tests.support.hostile.child MOST_BYTES`: reads paths as JSON strings, one a line, and writes a line
of JSON when it begins a file and one when it has ended. A file may take at most MOST_BYTES beyond what the
process has. In place of the networks of pictures stand some that say nothing: what they get has been decoded
and measured before.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import structlog

from actors.segmentation.analyse import analyse_chunk
from actors.segmentation.errors import MediaError
from actors.segmentation.networks.models import Models
from actors.segmentation.planning.plan import build_plan
from actors.worker import memory

MOST_CHUNKS = 3
"""Chunks of a file that are analysed: the first ones and the last."""


def main() -> None:
    """Ends when there are no more paths."""
    most_bytes = int(sys.argv[1])
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    networks = _networks()
    _say({"ready": True})
    for line in sys.stdin:
        path = Path(json.loads(line))
        _say({"begins": True})
        _forget_peak()
        before, began = _peak_bytes(), time.process_time()
        with memory.bounded(most_bytes):
            outcome = _outcome(path, networks)
        _say({**outcome, "cpu_s": time.process_time() - began, "peak_bytes": max(0, _peak_bytes() - before)})


def _outcome(path: Path, networks: Any) -> dict[str, Any]:
    try:
        plan = build_plan(path)
        count = len(plan.chunks)
        for index in sorted({*range(min(count, MOST_CHUNKS - 1)), count - 1}):
            analyse_chunk(path, plan, index, networks)
    except MediaError as error:
        return {"outcome": "refused", "code": error.code.value, "message": error.message}
    except Exception as error:  # told to the parent, for which it is a failure
        return {"outcome": "raised", "code": type(error).__name__, "message": traceback.format_exc()}
    return {"outcome": "analysed", "code": "", "message": f"{plan.frames} frames, {count} chunks"}


def _networks() -> Any:
    loaded = Models.load(threads=1)
    picture = np.zeros((64, 64, 3), np.uint8)
    embedding = loaded.embedding(picture)
    return SimpleNamespace(
        threads=1,
        gpu=None,
        audio=loaded.audio,
        transitions=lambda window: np.zeros((len(window), 2), np.float16),
        embedding=lambda _picture: embedding,
    )


def _forget_peak() -> None:
    """Linux: the largest resident size counts from now on."""
    Path("/proc/self/clear_refs").write_text("5")


def _peak_bytes() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return 1024 * int(line.split()[1])
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
