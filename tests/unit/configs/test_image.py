"""The image: what is copied into it is there, it is not root's, packages have the versions we test with."""

from __future__ import annotations

import re

import yaml

from cluster.settings import CONFIG_DIR, PACKAGE_ROOT
from tests.support.configs import load_dockerfile

FILE = CONFIG_DIR / "Dockerfile"


def instructions() -> list[tuple[str, str]]:
    """(instruction, the rest), continued lines joined, comments left out."""
    lines = [
        line for line in FILE.read_text().splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in joined.splitlines()]


def test_it_has_no_faults_that_hadolint_knows() -> None:
    load_dockerfile(FILE)


def test_stages_are_there_for_both_devices() -> None:
    stages = [rest.rpartition(" AS ")[2] for name, rest in instructions() if name == "FROM"]

    assert stages == ["base", "packages-cuda", "packages-cpu", "scenestream"]
    assert ("ARG", "DEVICE=cuda") in instructions()


def test_it_holds_its_bill_of_materials_made_after_all_that_is_in_it() -> None:
    runs = [rest for name, rest in instructions() if name == "RUN"]

    assert "models add" in runs[-1]
    assert runs[-1].endswith(
        "python -m cluster.local.bill_of_materials /usr/share/doc/scenestream/sbom.cdx.json"
    )


def test_what_it_copies_is_neither_missing_nor_ignored() -> None:
    copied = [rest.split()[:-1] for name, rest in instructions() if name == "COPY"]
    allowed = {
        line[1:] for line in (PACKAGE_ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }

    assert {name for names in copied for name in names} - {"."} <= allowed
    assert all((PACKAGE_ROOT / name).exists() for name in allowed)
    assert {"actors", "cluster", "configs", "serve_app", "ui"} <= allowed


def test_packages_have_the_versions_of_the_constraints() -> None:
    installs = [
        part.strip()
        for name, rest in instructions()
        if name == "RUN"
        for part in rest.split("&&")
        if part.strip().startswith("pip install")
    ]

    assert len(installs) == 4
    assert all("-c constraints.txt" in one or "--no-deps" in one for one in installs)


def test_without_cuda_pytorch_comes_from_its_own_index_alone() -> None:
    """Elsewhere the same version is built for CUDA, whose libraries are not there."""
    (own,) = [rest.split("&&")[0] for name, rest in instructions() if name == "RUN" and "index-url" in rest]

    assert own.split()[-2:] == ["torch", "torchaudio"]
    assert " --index-url " in own
    assert "--no-deps" in own


def test_it_does_not_claim_the_gpus_of_the_machine() -> None:
    """Who starts the container says which it may see; an image says it for nodes that shall have none."""
    assert not [rest for name, rest in instructions() if name == "ENV" and "NVIDIA_VISIBLE_DEVICES" in rest]
    for cluster in (CONFIG_DIR / "ray").glob("*.yaml"):
        options = yaml.safe_load(cluster.read_text())["docker"]["worker_run_options"]
        assert "--env NVIDIA_VISIBLE_DEVICES=all" in options


def test_it_does_not_run_as_root_and_ends_its_children() -> None:
    by_name = dict(instructions())

    assert by_name["USER"] == "1000"
    assert "tini" in by_name["ENTRYPOINT"]
    assert "local_raylet_healthz" in by_name["HEALTHCHECK"]


def test_serve_s_configuration_lies_where_the_others_look_for_it() -> None:
    text = FILE.read_text()
    where = "/etc/scenestream/serve.yaml"

    assert f"configs/serve_cluster.yaml {where}" in text
    compose = yaml.safe_load((CONFIG_DIR / "compose.yaml").read_text())
    assert where in " ".join(compose["services"]["ray-head"]["command"])
    for cluster in (CONFIG_DIR / "ray").glob("*.yaml"):
        assert where in " ".join(yaml.safe_load(cluster.read_text())["head_start_ray_commands"])
