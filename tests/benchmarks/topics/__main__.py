"""`python -m tests.benchmarks.topics FOLDER`: how well changes of topic are found in meetings.

FOLDER holds meetings (`topics.meetings`). Tells Pk and WindowDiff by sentences, errors of which less is
better, and F1 of boundaries, of the library, of TextTiling, of even pieces and of no boundary at all. The
parameters of TextTiling and the number of even pieces are those that serve the fitted meetings best. With
--fit the library's numbers are fitted anew and written first (`topics/weights.json`); nothing is ever fitted
to the held-out meetings. The model of meaning has to be installed; its vectors are kept in --work, by the
text.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from actors.meaning_model import meaning_model
from actors.segmentation.topics.judge import phrase_vectors
from actors.segmentation.topics.measures import AROUND, LONGER_COUNT, WINDOWS_WORDS, topic_measures
from actors.segmentation.topics.odds import FILE, SPACING_WORDS, TopicWeights
from actors.segmentation.topics.phrases import PHRASES
from cluster.settings import LogSettings, get_settings
from cluster.telemetry import logs
from tests.benchmarks.fit.provenance import commit, write
from tests.benchmarks.markdown import number, table
from tests.benchmarks.topics import fit, texttiling
from tests.benchmarks.topics.encoded import vectors_of
from tests.benchmarks.topics.meetings import GAP_WORDS, HELD_OUT_SHARE, Meeting, read_meetings
from tests.benchmarks.topics.scoring import matches

EVEN_PIECES = range(2, 11)
"""Numbers of even pieces that are tried."""
Divide = Callable[[fit.Measured], Sequence[int]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, or fit and measure; 2 without meetings or model."""
    asked = _arguments(arguments)
    logs.configure(get_settings().with_values(log=LogSettings(level="WARNING")))
    meetings, model = read_meetings(asked.folder), meaning_model(get_settings(), threads=asked.threads)
    if not meetings or model is None:
        missing = "has no meetings" if not meetings else "the model of meaning is not installed"
        print(f"{asked.folder}: {missing}", file=sys.stderr)
        return 2
    measured = _measured(meetings, asked.work, model())
    known = [one for one in measured if not one.meeting.held_out]
    unseen = [one for one in measured if one.meeting.held_out]
    if asked.fit:
        values, figures = fit.fit(known)
        held_out = _errors(unseen, _library(TopicWeights.of(values)))
        told = _provenance(asked.folder, meetings, {"cross-validated": figures, "held out": held_out})
        write(FILE, values, told)
        TopicWeights.packaged.cache_clear()
    print(_report(known, unseen))
    return 0


def _measured(meetings: Sequence[Meeting], work: Path, encoder: Any) -> list[fit.Measured]:
    work.mkdir(parents=True, exist_ok=True)
    phrases = phrase_vectors(encoder)
    out = []
    for meeting in meetings:
        words = np.array([len(sentence.split()) for sentence in meeting.sentences], np.float64)
        vectors = vectors_of(meeting, encoder, work).astype(np.float64)
        out.append(fit.Measured(meeting, topic_measures(vectors, words, phrases), words))
        print(f"{time.strftime('%H:%M:%S')} {meeting.name}", file=sys.stderr, flush=True)
    return out


def _library(weights: TopicWeights) -> Divide:
    return lambda one: weights.division(weights.log_odds(one.measures, one.words))


def _even(pieces: int) -> Divide:
    def divide(one: fit.Measured) -> list[int]:
        count = len(one.meeting.sentences)
        return [round(count * k / pieces) for k in range(1, pieces)]

    return divide


def _errors(meetings: Sequence[fit.Measured], divide: Divide) -> dict[str, float]:
    return fit.mean_errors([(one.meeting, divide(one)) for one in meetings])


def _f1(meetings: Sequence[fit.Measured], divide: Divide) -> float:
    """Of all boundaries of the meetings together."""
    right, all_of_them = 0, 0
    for one in meetings:
        found = divide(one)
        right += matches(one.meeting.starts, found, one.words.tolist(), fit.NEAR_WORDS)
        all_of_them += len(one.meeting.starts) + len(found)
    return 2 * right / max(all_of_them, 1)


def _report(known: Sequence[fit.Measured], unseen: Sequence[fit.Measured]) -> str:
    """A table of errors on the fitted and on the held-out meetings."""
    stop = texttiling.stop_words(one.meeting for one in known)

    def tiling(parameters: texttiling.Parameters) -> Divide:
        return lambda one: texttiling.divide(one.meeting, parameters, stop)

    def both(divide: Divide) -> float:
        errors = _errors(known, divide)
        return errors["pk"] + errors["window_diff"]

    best = min(texttiling.CHOICES, key=lambda parameters: both(tiling(parameters)))
    pieces = min(EVEN_PIECES, key=lambda pieces: both(_even(pieces)))
    ways: dict[str, Divide] = {
        "library": _library(TopicWeights.packaged()),
        "TextTiling as in the paper (HC)": tiling(texttiling.Parameters()),
        f"TextTiling, w {best.sequence}, k {best.block}, limit {-best.deviations:+g} deviations": tiling(
            best
        ),
        f"{pieces} even pieces": _even(pieces),
        "no boundary": lambda _: [],
        "as many even pieces as there are topics": lambda one: _even(len(one.meeting.starts) + 1)(one),
    }
    rows = []
    for name, divide in ways.items():
        seen, new = _errors(known, divide), _errors(unseen, divide)
        told = [new["pk"], new["window_diff"], new["boundaries"], _f1(unseen, divide)]
        told += [seen["pk"], seen["window_diff"], _f1(known, divide)]
        rows.append((name, *map(number, told)))
    true = np.mean([len(one.meeting.starts) for one in unseen])
    near = f"F1 within {fit.NEAR_WORDS:g} words"
    head = ("way", "held out: Pk", "WindowDiff", "boundaries", near, "fitted: Pk", "WindowDiff", near)
    counts = f"{len(unseen)} meetings held out, with {true:.1f} boundaries each; {len(known)} fitted"
    return f"{counts}\n\n{table(head, rows)}"


def _provenance(folder: Path, meetings: Sequence[Meeting], figures: dict[str, Any]) -> dict[str, Any]:
    recipe = {
        "penalty": fit.PENALTY,
        "near_sentences": fit.NEAR_SENTENCES,
        "near_words": fit.NEAR_WORDS,
        "windows_words": list(WINDOWS_WORDS),
        "around": AROUND,
        "longer_count": LONGER_COUNT,
        "spacing_words": SPACING_WORDS,
        "gap_words": GAP_WORDS,
        "held_out_share": HELD_OUT_SHARE,
        "phrases": {kind: list(phrases) for kind, phrases in PHRASES.items()},
    }
    return {
        "command": "python -m tests.benchmarks.topics FOLDER --fit",
        "commit": commit(),
        "date": datetime.now(UTC).date().isoformat(),
        "method": fit.METHOD,
        "recipe": recipe,
        "libraries": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "scipy", "torch")},
        },
        "notes": list(fit.NOTES),
        "figures": figures,
        "sources": {"meetings": "QMSum (M. Zhong et al., 2021): meetings of AMI, ICSI and committees; MIT"},
        "films": [
            {
                "name": meeting.name,
                "sha256": sha256((folder / f"{meeting.name}.json").read_bytes()).hexdigest(),
                "role": "held out" if meeting.held_out else "fitted",
                "counted": 1,
            }
            for meeting in meetings
        ],
    }


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="topics", description=__doc__)
    parser.add_argument("folder", type=Path, help="meetings")
    parser.add_argument("--fit", action="store_true", help="fit the numbers anew and write them")
    parser.add_argument(
        "--work", type=Path, default=get_settings().var_dir / "topics", help="where vectors are kept"
    )
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
