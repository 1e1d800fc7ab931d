"""`python -m tests.benchmarks.scale.actor_memory FILE`: memory of an actor that has done all kinds of work.

Analyses FILE (it should have speech and text in the picture) in this process as a segmenter does, on the CPU
with two threads, writes down what is said, reads what is shown and tells topics apart. Prints the resident
memory after each step, and the highest.
"""

from __future__ import annotations

import argparse
import resource
from collections.abc import Sequence
from pathlib import Path

from actors.meaning_model import meaning_model
from actors.segmentation import Models, segment_file
from actors.segmentation.screen.loading import TextReadersLoading
from actors.speech_model import speech_model
from actors.worker import memory
from cluster.settings import LogSettings, get_settings
from cluster.telemetry import logs

THREADS = 2


def told(step: str) -> None:
    """Prints the memory after a step."""
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    now = memory.usage()["rss_bytes"] or 0
    print(f"{step:<40} {now / 1e6:7.0f} MB, highest {highest / 1e6:7.0f} MB", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Do all of it, and print the memory."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.scale.actor_memory", description=__doc__
    )
    parser.add_argument("file", type=Path)
    given = parser.parse_args(arguments)
    settings = get_settings()
    logs.configure(settings.with_values(log=LogSettings(level="ERROR")))
    speech, meaning = speech_model(settings, threads=THREADS), meaning_model(settings, threads=THREADS)
    if speech is None or meaning is None:
        parser.error("there is a model missing: `scenestream models list`")
    told("imported")
    models = Models.load()
    told("networks of picture and sound loaded")
    segment_file(given.file, models=models)
    told("analysed and fused")
    timeline = segment_file(given.file, models=models, speech_model=speech)
    words = 0 if timeline.transcript is None else sum(len(s.words) for s in timeline.transcript.sentences)
    told(f"{words} words written down")
    timeline = segment_file(
        given.file,
        models=models,
        speech_model=speech,
        text_readers=TextReadersLoading(),
        meaning_model=meaning,
    )
    lines = 0 if timeline.screen_text is None else len(timeline.screen_text.lines)
    told(f"{lines} lines of text read, topics told apart")


if __name__ == "__main__":
    main()
