"""`python -m tests.benchmarks.scale.actor_memory FILE`: memory of an actor that has done all kinds of work.

Analyses FILE (it should have speech and text in the picture) in this process as a segmenter does, on the CPU
with two threads, writes down what is said, reads what is shown with one reader and tells topics apart, for
which the speech model makes room. Prints the resident memory after each step, and the highest.
"""

from __future__ import annotations

import argparse
import resource
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from actors.meaning_model import meaning_model
from actors.segmentation import Models, segment_file
from actors.segmentation.screen.loading import TextReadersLoading
from actors.segmentation.topics.judge import spoken_of
from actors.speech_model import speech_model
from actors.worker import memory
from cluster.settings import LogSettings, get_settings
from cluster.telemetry import logs

THREADS = 2
SENTENCES = 200
"""Those of FILE are repeated until there are so many: of few sentences no topics are told apart."""


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
    readers = TextReadersLoading()
    timeline = segment_file(
        given.file, models=models, speech_model=speech, text_readers=lambda _count: readers(1)
    )
    lines = 0 if timeline.screen_text is None else len(timeline.screen_text.lines)
    told(f"{lines} lines of text read")
    if timeline.transcript is None:
        parser.error("nobody speaks: no topics are told apart")
    said = timeline.transcript.sentences
    repeated = sorted(said * -(-SENTENCES // len(said)), key=lambda sentence: sentence.start_s)
    transcript = replace(timeline.transcript, sentences=tuple(repeated))
    speech.close()
    memory.give_back()
    told("speech model closed")
    spoken_of(transcript, meaning())
    told(f"topics of {len(transcript.sentences)} sentences told apart")
    meaning.close()
    memory.give_back()
    told("model of meaning closed")


if __name__ == "__main__":
    main()
