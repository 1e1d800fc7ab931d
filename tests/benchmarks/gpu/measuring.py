"""Goes through the steps of the measurement until the time is up; a step that fails is named and left out.

Knows the steps and their order; not how results are written.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from actors.segmentation import Cancelled, Models
from actors.segmentation.networks.cores import usable_cores
from actors.segmentation.networks.models import Precision
from tests.benchmarks.analysis import small_chunks
from tests.benchmarks.gpu import stages
from tests.benchmarks.gpu.crowd import crowd
from tests.benchmarks.gpu.report import Measured, compared
from tests.benchmarks.gpu.stages import Found, Rate, picture_plan

GAIN_MIN = 1.1
"""Twice as many actors must do so much more, else the device, or the processor beside it, is busy."""
MOST_ACTORS = 16
LATE = "the time was up"


class Measuring:
    """Fills `Measured`. end_s: of `time.monotonic`. MediaError, OSError, ValueError when the film is none."""

    def __init__(self, film: Path, device: str, end_s: float) -> None:
        self._film, self._device, self._end_s = film, device, end_s
        self._plan, self._cores = picture_plan(film), usable_cores()
        self._gpu = (torch.device(device).index or 0) if device.startswith("cuda") else None
        self._reference: Found | None = None
        self.measured = Measured(
            device=torch.cuda.get_device_name(device) if self._gpu is not None else "none, the processor",
            system=f"{platform.system()} {platform.machine()}, {self._cores} cores, "
            f"Python {platform.python_version()}, PyTorch {torch.__version__}",
            film=film.name,
        )

    def run(self) -> Measured:
        """Everything, in the order of its worth."""
        self._step("the processor's boundaries", self._refer)
        precisions: tuple[Precision, ...] = ("float32", "bfloat16") if self._gpu is not None else ("float32",)
        for precision in precisions:
            for chunked in (False, True):
                if self._gpu is not None or chunked:  # the processor in one chunk is the reference
                    self._step(f"boundaries, {precision}", self._compare, precision, chunked)
        self._step("decoding", self._decode)
        for precision in precisions:
            self._step(f"networks, {precision}", self._networks, precision)
        self._crowds()
        return self.measured

    def _step(self, name: str, act: Callable[..., None], *given: object) -> bool:
        """Whether it was done."""
        try:
            if self._late():
                raise Cancelled
            act(*given)
        except Cancelled:
            self.measured.left_out.append(f"{name}: {LATE}")
        except Exception as error:  # whatever it is: the other steps are told all the same
            self.measured.left_out.append(f"{name}: {type(error).__name__}: {error}")
        else:
            return True
        return False

    def _late(self) -> bool:
        return time.monotonic() > self._end_s

    def _load(self, device: str, precision: Precision) -> Models:
        return Models.load(device, self._cores, precision=precision, sound=False)

    def _refer(self) -> None:
        models = self._load("cpu", "float32")
        self._reference = stages.found(self._film, self._plan, models, self._late)
        self._tell(self._reference, stages.named(models))

    def _tell(self, found: Found, how: str) -> None:
        self.measured.rates.append(Rate("everything", found.frames_per_s, "frames", how))

    def _compare(self, precision: Precision, chunked: bool) -> None:
        if self._reference is None:
            raise ValueError("there is nothing to compare with")
        models, plan = self._load(self._device, precision), self._plan
        if chunked:
            plan = replace(plan, chunks=small_chunks(plan.frames))
        stages.warmed(self._film, plan, models)
        one = stages.found(self._film, plan, models, self._late)
        how = stages.named(models) + (", in the smallest chunks" if chunked else "")
        self._tell(one, how)
        self.measured.same.append(compared(how, self._reference, one))

    def _decode(self) -> None:
        for gpu in dict.fromkeys((None, self._gpu)):
            self.measured.rates.append(stages.decoding(self._film, self._plan, gpu, self._cores, self._late))
        self.measured.rates += stages.scaling(self._film, self._plan)

    def _networks(self, precision: Precision) -> None:
        self.measured.rates += stages.networks(self._load(self._device, precision))

    def _crowds(self) -> None:
        """Twice as many actors again and again, until they do next to nothing more."""
        if self._gpu is not None:
            torch.cuda.empty_cache()
        actors = 1
        while actors <= MOST_ACTORS:
            threads = max(1, self._cores // actors)
            if not self._step(f"{actors} actors", self._crowd, actors, threads):
                return
            speeds = [one.frames_per_s for one in self.measured.crowds]
            if len(speeds) > 1 and speeds[-1] < GAIN_MIN * speeds[-2]:
                gain = speeds[-1] / speeds[-2]
                self.measured.busy = (
                    f"{actors // 2} actors keep it busy: {actors} do {gain:.2f} times as much."
                )
                return
            actors *= 2
        self.measured.busy = f"{MOST_ACTORS} actors do not keep it busy."

    def _crowd(self, actors: int, threads: int) -> None:
        self.measured.crowds.append(crowd(self._film, self._device, actors, threads, self._end_s))
