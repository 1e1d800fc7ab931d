"""The results as Markdown, for people, and as JSON, for programs.

Knows tables; measures nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from tests.benchmarks import scenes
from tests.benchmarks.ablation import WEIGHT_OF_SOUND
from tests.benchmarks.detectors import OURS, PEERS, Decode
from tests.benchmarks.markdown import NOTHING, number, table
from tests.benchmarks.negatives import summed
from tests.benchmarks.quality import ALL, Mean, Row, mean_of
from tests.benchmarks.results import Results
from tests.benchmarks.scoring import Score
from tests.benchmarks.targets import held_against, megabytes
from tests.benchmarks.timing import codecs


def as_json(results: Results) -> str:
    """Every number, unrounded; `targets` as well."""
    document = asdict(results) | {"targets": [asdict(target) for target in held_against(results)]}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def as_markdown(results: Results) -> str:
    """One table a question."""
    parts = [
        f"Measured {results.measured_at} on {results.machine.cores} cores, {results.machine.system}, "
        f"{results.machine.processor}.",
        *results.notes,
        *_quality(results),
        *_detectors(results),
        *_negatives(results),
        *_speed(results),
        *_codecs(results),
        *_ablation(results),
        *_features(results),
        *_reliability(results),
        *_sameness(results),
        *_targets(results),
    ]
    return "\n\n".join(["# Benchmark", *parts]) + "\n"


def of(part: int, whole: int) -> str:
    """3/4; nothing where there is nothing to count."""
    return f"{part}/{whole}" if whole else NOTHING


def _quality(results: Results) -> Iterator[str]:
    """A row a film, then the means."""
    peers = [peer.name for peer in PEERS if results.mean(peer.name) is not None]
    ours = [row for row in results.quality if row.detector == OURS.name]
    theirs = {(row.group, row.film, row.detector): row for row in results.quality}
    rows: list[list[str]] = []
    for row in ours:
        others = [theirs.get((row.group, row.film, peer)) for peer in peers]
        rows.append([f"{row.group}/{row.film}", *_film(row), *(_f1(other) for other in others)])
    for mean in (m for m in results.means if m.detector == OURS.name):
        others_f1 = [number(m.f1 if m else None) for m in (results.mean(peer, mean.group) for peer in peers)]
        rows.append([_title(mean), *_mean(mean), *others_f1])
    header = ["film", "shots F1", "precision", "recall", "cuts", "jump cuts", "called so"]
    header += ["gradual", "false", "kinds", "scenes F1"]
    header += ["sound", "by sound alone", "extents", *(f"{peer} F1" for peer in peers)]
    yield "## Quality"
    yield table(header, rows)
    failed = [f"* {row.detector}, {row.film}: {row.error}" for row in results.quality if row.error]
    if failed:
        yield "\n".join(failed)


def _film(row: Row) -> list[str]:
    shots = row.shots
    if shots is None:
        return ["failed", *[NOTHING] * 12]
    return [
        number(shots.f1),
        number(shots.precision),
        number(shots.recall),
        of(shots.cuts_found, shots.cuts),
        of(shots.jumps_found, shots.jumps),
        of(shots.jumps_right, shots.jumps_found),
        of(shots.gradual_found, shots.gradual),
        str(shots.false),
        of(shots.kinds_right or 0, shots.found),
        number(row.scenes.f1 if row.scenes else None),
        number(row.sound),
        _counted(row.sound_only),
        number(mean_of(row.extents, float), 2),
    ]


def _counted(score: Score | None) -> str:
    if score is None:
        return NOTHING
    return of(score.found, score.found + score.missed) + (f", {score.false} more" if score.false else "")


def _f1(row: Row | None) -> str:
    if row is None:
        return NOTHING
    return "failed" if row.shots is None else number(row.shots.f1)


def _title(mean: Mean) -> str:
    films = f"{mean.films} film{'' if mean.films == 1 else 's'}"
    return f"**mean of {films}**" if mean.group == ALL else f"*mean of {mean.group}, {films}*"


def _mean(mean: Mean) -> list[str]:
    return [
        number(mean.f1),
        number(mean.precision),
        number(mean.recall),
        number(mean.cuts_found),
        number(mean.jumps_found),
        number(mean.jumps_right),
        NOTHING,
        NOTHING,
        number(mean.kinds_right),
        number(mean.scene_f1),
        number(mean.sound),
        number(mean.sound_only_found),
        number(mean.extents, 2),
    ]


def _detectors(results: Results) -> Iterator[str]:
    means = [mean for mean in results.means if mean.group == ALL]
    if len(means) < 2:
        return
    yield "## Shots, detector by detector"
    yield "Means over the films that each could read."
    rows = [[m.detector, m.films, number(m.f1), number(m.precision), number(m.recall)] for m in means]
    yield table(["detector", "films", "F1", "precision", "recall"], rows)


def _negatives(results: Results) -> Iterator[str]:
    """What is easily taken for a transition, by kind."""
    names = list(dict.fromkeys(row.detector for row in results.quality if row.shots is not None))
    found = {name: summed(row.negatives for row in results.quality if row.detector == name) for name in names}
    ours = found.get(OURS.name)
    if not ours:
        return
    rows = []
    for kind, one in ours.items():
        theirs = [str(found[name][kind].false) if kind in found[name] else NOTHING for name in names]
        rows.append([kind, one.stretches, f"{one.seconds:.0f}", *theirs, f"{one.false_per_hour:.1f}"])
    yield "## Hard negatives"
    yield "Boundaries told where something happens inside a shot; of each detector on what it could read."
    header = ["what happens", "stretches", "seconds", *(f"{name}, false" for name in names)]
    yield table([*header, f"{OURS.name}, false an hour"], rows)


def _speed(results: Results) -> Iterator[str]:
    speed = results.speed
    if speed is None:
        return
    yield "## Speed"
    yield (
        f"{speed.film}: {speed.film_s:.0f} s, {speed.width_px} x {speed.height_px}; one command after the "
        f"other, rounds: {speed.rounds}. Compare ratios, not seconds."
    )
    rows = []
    for row in speed.rows:
        if row.error is not None:
            rows.append([row.name, "failed: " + row.error, NOTHING, NOTHING, NOTHING])
        else:
            memory = NOTHING if row.peak_rss_bytes is None else megabytes(row.peak_rss_bytes)
            times = number(row.times_decode, 2)
            rows.append([row.name, times, number(row.wall_s, 1), number(row.cpu_s, 1), memory])
    yield table(["command", f"times {Decode.name}", "seconds", "processor seconds", "peak memory"], rows)


def _codecs(results: Results) -> Iterator[str]:
    if results.codecs:
        yield "## Speed by codec"
        yield "One run each of an excerpt; ratios to ffmpeg's decoding of the same file."
        yield codecs.as_table(results.codecs)


def _ablation(results: Results) -> Iterator[str]:
    ablation = results.ablation
    if not ablation.films:
        return
    yield "## Scenes by picture and sound"
    yield "F1 of scenes, fused from the same tracks."
    rows = [[row.film, *(number(row.scenes[cue].f1) for cue in WEIGHT_OF_SOUND)] for row in ablation.films]
    rows.append(["**mean**", *(number(ablation.mean_f1[cue]) for cue in WEIGHT_OF_SOUND)])
    yield table(["film", *WEIGHT_OF_SOUND], rows)


def _features(results: Results) -> Iterator[str]:
    if results.features is None:
        return
    yield "## Scenes among shots of which only features are known"
    yield (
        "By the picture alone, with the weights that ship: in sample where they were fitted to these films. "
        "Nearest: by the best match over four shots on either side alone."
    )
    yield "\n".join(scenes.as_table(results.features))


def _reliability(results: Results) -> Iterator[str]:
    found = results.reliability
    if found.expected_calibration_error is None:
        return
    yield "## Confidence of shot boundaries"
    yield (
        f"{found.boundaries} boundaries, those that are usually left out included. Expected calibration "
        f"error {number(found.expected_calibration_error, 3)}, Brier score {number(found.brier_score, 3)}."
    )
    rows = [
        [f"{b.low:.1f}–{b.high:.1f}", b.boundaries, number(b.mean_confidence, 2), number(b.share_right, 2)]
        for b in found.bins
    ]
    yield table(["confidence", "boundaries", "mean confidence", "share right"], rows)


def _sameness(results: Results) -> Iterator[str]:
    rows = [[row.film, row.one_chunk, row.small_chunks or NOTHING] for row in results.consistency]
    if rows:
        yield "## Chunks leave no trace"
        yield "Segments compared with those of the command."
        yield table(["film", "one chunk, one process", "small chunks, four processes"], rows)
    said = []
    if results.refusion is not None:
        r = results.refusion
        said.append(
            f"Re-fusion of {r.film_s / 3600:.1f} h of film ({r.shots} shots): {r.fuse_s:.2f} s, "
            f"{r.cpu_s:.2f} s of processors; before the first, {r.measure_s:.2f} s for what is in the tracks."
        )
    if results.memory is not None:
        m = results.memory
        said.append(
            f"Segmenting {m.film_s / 3600:.1f} h of {m.width_px} x {m.height_px}: at most "
            f"{megabytes(m.peak_rss_bytes)} resident, {m.wall_s:.0f} s."
        )
    if said:
        yield "## Long films"
        yield " ".join(said)


def _targets(results: Results) -> Iterator[str]:
    rows = [[t.name, t.wanted, t.measured, "yes" if t.met else "**no**"] for t in held_against(results)]
    if rows:
        yield "## Targets"
        yield table(["target", "wanted", "measured", "met"], rows)
