"""Plans and analyses hostile files, and prints what came of them.

`python -m tests.benchmarks.hostile --count 2000`. The files are those of `tests/support/hostile`, the same
for the same seed; folders may be named besides. Each file must end in a result or a MediaError, within a
bounded time and memory, without a connection to anywhere. The command ends with 1 if one did not.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.support.hostile.generator import Generator, HostileFile
from tests.support.hostile.trials import MOST_BYTES, MOST_CPU_S, Listener, Trial, run_trials

_OUTCOMES = ("analysed", "refused", "raised", "crashed", "hung")


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path, help="files to try besides those that are made")
    parser.add_argument("--count", type=int, default=2000, help="files that are made")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for files that ended badly")
    arguments = parser.parse_args()
    listener = Listener()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = Generator(folder / "made", arguments.seed, listener.port).files(arguments.count)
        trials = list(_told(run_trials(_all(made, arguments.folders), folder), arguments.keep))
    listener.close()
    _print_table(trials)
    bad = [trial for trial in trials if not trial.is_well]
    print(f"{len(trials)} files, {len(bad)} ended badly, {listener.connections} connections")
    return 1 if bad or listener.connections else 0


def _all(made: Iterator[HostileFile], folders: list[Path]) -> Iterator[HostileFile]:
    """Those that are made are removed again when the next one is asked for."""
    for file in made:
        yield file
        file.path.unlink()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                yield HostileFile(path, f"folder: {path.relative_to(folder).parts[0]}")


def _told(trials: Iterator[Trial], keep: Path | None) -> Iterator[Trial]:
    """Tells of bad ends as they come."""
    for number, trial in enumerate(trials, 1):
        if not trial.is_well:
            print(
                f"{number}: {trial.outcome} {trial.code} {trial.file.kind}\n{trial.message}", file=sys.stderr
            )
            if keep is not None:
                keep.mkdir(parents=True, exist_ok=True)
                shutil.copy(trial.file.path, keep / f"{number}.bin")
        yield trial


def _print_table(trials: list[Trial]) -> None:
    by_kind: dict[str, list[Trial]] = defaultdict(list)
    for trial in trials:
        by_kind[trial.file.kind.partition(":")[0]].append(trial)
    print(f"limits: {MOST_BYTES >> 20} MiB and {MOST_CPU_S:.0f} s of processor time for each file")
    heads = ("kind", "files", *_OUTCOMES, "most s", "most MiB")
    print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
    for kind, some in sorted(by_kind.items()):
        counts = Counter(trial.outcome for trial in some)
        cells = [kind, len(some), *(counts[outcome] for outcome in _OUTCOMES)]
        cells += [f"{max(t.cpu_s for t in some):.1f}", max(t.peak_bytes for t in some) >> 20]
        print("| " + " | ".join(str(cell) for cell in cells) + " |")


if __name__ == "__main__":
    sys.exit(main())
