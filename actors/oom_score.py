"""Tells the kernel which processes to end last when the machine's memory is used up.

Ray gives each of its workers the highest score (1000), so the kernel ends the largest of them. An actor
that many videos depend on lowers its own; segmenters, which open media and can be replaced, keep theirs.
Linux only. Does not know which actors these are.
"""

from __future__ import annotations

from pathlib import Path

import structlog

SPARED = 300
"""The kernel adds 0.3 of the machine's memory to what a process of this score takes, but 1.0 for a segmenter.
Above 0, so that a person's own programs are not ended in its place."""
_SCORE = Path("/proc/self/oom_score_adj")

log = structlog.get_logger(__name__)


def spare_this_process(score_file: Path = _SCORE) -> bool:
    """Lower this process's score to SPARED; False where it is as low already or may not be lowered."""
    try:
        if int(score_file.read_text()) <= SPARED:
            return False
        score_file.write_text(str(SPARED))
    except OSError as error:  # not Linux, or a container whose lowest score is set from outside
        log.info("out-of-memory score unchanged", reason=str(error))
        return False
    return True
