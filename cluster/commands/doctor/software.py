"""Checks what is installed: Python, the required packages, models, PyTorch, Ray, and the GPUs that they see.

PyTorch and Ray are loaded in processes of their own, because loading takes seconds and may crash.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

from packaging.requirements import Requirement

from cluster.commands.doctor.findings import Finding, ok, problem, warning
from cluster.models.catalogue import KNOWN
from cluster.models.folder import ModelsFolder
from cluster.settings import NO_MODEL, Settings

OLDEST_PYTHON = (3, 11)
TORCH_TIMEOUT_S = 120.0
"""To load PyTorch; the first time, from a slow disk."""

RAY_TIMEOUT_S = 60.0
"""To join Ray and read its resources."""

GPU_TOOL_TIMEOUT_S = 15.0
"""For nvidia-smi, which hangs with some broken drivers."""

_INSTALL = "Install again: `make setup`, or `pip install -c constraints.txt -e .` in the top folder."

_ASK_TORCH = """
import json, torch, torchaudio
print(json.dumps({"torch": torch.__version__, "gpus": torch.cuda.device_count()}))
"""
_ASK_RAY = """
import json, ray
ray.init(address="auto", log_to_driver=False, logging_level="error")
print(json.dumps({"gpus": ray.cluster_resources().get("GPU", 0)}))
"""


def check_python() -> Iterator[Finding]:
    """The versions of Python and of every required package."""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        yield problem("python", f"this is Python {found}", f"Python {wanted} or newer is needed.")
    else:
        yield ok("python", found)
    wrong = [*wrong_packages(requires("scenestream") or [])]
    for told in wrong:
        yield problem("packages", told, _INSTALL)
    if not wrong:
        yield ok("packages", "all that are required are there")


def wrong_packages(requirements: list[str]) -> Iterator[str]:
    """A sentence for each required package that is missing or too old. Extras are not required."""
    for text in requirements:
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        try:
            found = version(wanted.name)
        except PackageNotFoundError:
            yield f"{wanted.name} is missing"
            continue
        if not wanted.specifier.contains(found, prereleases=True):
            yield f"{wanted.name} is {found}, and {wanted.specifier} is needed"


def check_models(settings: Settings) -> Iterator[Finding]:
    """Whether the models of the settings are there. Without one videos lack something; all else works."""
    models = settings.models
    yield _check_model(settings, "speech", models.speech, "what is said in videos is not written down")
    without = "a change of topic is no sign of a chapter, and search is by words alone"
    yield _check_model(settings, "embedding", models.embedding, without)


def _check_model(settings: Settings, setting: str, name: str, without: str) -> Finding:
    """without: what does not work without it."""
    if name == NO_MODEL:
        return ok("models", f"none is wanted (models.{setting} says so): {without}")
    folder = ModelsFolder.of(settings)
    model = folder.find(name)
    if model is not None:
        return ok("models", f"{name} is there ({model.what})")
    how = f"`scenestream models add {name}` fetches it."
    return warning(
        "models",
        f"{name} is not in {folder.folder}: {without}",
        how if name in KNOWN else f"`scenestream models add FOLDER` adds one; models.{setting} names it.",
    )


def check_torch(ray_environment: Mapping[str, str]) -> Iterator[Finding]:
    """Whether PyTorch loads, whether Ray answers, and whether both see the GPUs of NVIDIA's driver."""
    told, error = _ask(_ASK_TORCH, TORCH_TIMEOUT_S, {})
    if told is None:
        yield problem("torch", f"does not load: {error}", _INSTALL)
        return
    yield ok("torch", f"{told['torch']} loads")
    ray_gpus = None
    if ray_environment:
        asked, error = _ask(_ASK_RAY, RAY_TIMEOUT_S, ray_environment)
        ray_gpus = None if asked is None else float(asked["gpus"])
        yield ray_told(ray_environment.get("RAY_ADDRESS", ""), error)
    try:
        driver = driver_gpus()
    except DriverError as broken:
        yield problem(
            "gpu",
            f"nvidia-smi fails: {broken}",
            "Install NVIDIA's driver anew (580 or newer) and restart the machine; until then nothing works "
            "on a GPU here. If there is none in this machine, remove nvidia-smi.",
        )
    else:
        yield gpus(driver, int(told["gpus"]), ray_gpus)


def ray_told(address: str, error: str) -> Finding:
    """The finding for Ray's answer; `error` is empty if it answered."""
    if not error:
        return ok("ray", f"answers at {address}")
    return problem(
        "ray",
        f"does not answer at {address}: {error}",
        "RAY_ADDRESS says where it is. Look at `ray status` on its head and at the logs in "
        "/tmp/ray/session_latest/logs there.",
    )


def gpus(driver: int | None, torch: int, ray: float | None) -> Finding:
    """The finding for numbers of GPUs. `driver` None: no nvidia-smi; `ray` None: Ray does not run."""
    if not driver and not torch:
        return ok("gpu", "none; the work is done on the CPU")
    if driver is not None and torch < driver:
        return problem(
            "gpu",
            f"the driver has {driver}, and PyTorch sees {torch}",
            "Update the driver to one for the CUDA of this PyTorch (`python -m torch.utils.collect_env` "
            "names it), look at CUDA_VISIBLE_DEVICES, and start containers with --gpus all.",
        )
    if ray == 0:
        return warning(
            "gpu",
            f"PyTorch sees {torch}, and Ray has none to give",
            "Start Ray again where the GPUs are visible, or with `ray start --num-gpus N`.",
        )
    return ok("gpu", f"{torch} seen by PyTorch" + ("" if ray is None else f", {ray:g} by Ray's cluster"))


class DriverError(Exception):
    """nvidia-smi is installed but reaches no driver; the message is its output."""


def driver_gpus() -> int | None:
    """Number of GPUs of NVIDIA's driver; None without nvidia-smi, DriverError if it fails."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return None
    try:
        done = subprocess.run(
            [tool, "-L"], capture_output=True, text=True, timeout=GPU_TOOL_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise DriverError(f"no answer within {GPU_TOOL_TIMEOUT_S:.0f} s") from error
    except OSError as error:
        raise DriverError(str(error)) from error
    if done.returncode:
        told = " ".join((done.stdout + done.stderr).split())
        raise DriverError(told[:300] or f"exit code {done.returncode}")
    return sum(line.startswith("GPU ") for line in done.stdout.splitlines())


def _ask(program: str, timeout_s: float, environment: Mapping[str, str]) -> tuple[dict[str, Any] | None, str]:
    """Run a Python program: the JSON that it prints and "", or None and the last line of its errors."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            timeout=timeout_s,
            env={**os.environ, **environment},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None, f"no answer within {timeout_s:.0f} s"
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return None, lines[-1] if lines else f"exit code {done.returncode}"
    return json.loads(done.stdout.strip().splitlines()[-1]), ""
