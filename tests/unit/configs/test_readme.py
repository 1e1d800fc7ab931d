"""What configs/README.md says to type or to write works with the files that are there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from cluster.settings import CONFIG_DIR, PACKAGE_ROOT
from tests.support.configs import KUBERNETES, filled_in, load_compose, read_env, rendered

README = (CONFIG_DIR / "README.md").read_text(encoding="utf-8")
FILES = README.partition("\n## ")[0]
CLUSTER = README.partition("## On a cluster\n")[2].partition("\n## ")[0]


def block(language: str, containing: str) -> str:
    (found,) = [
        text for text in re.findall(rf"```{language}\n(.*?)```", CLUSTER, re.DOTALL) if containing in text
    ]
    return str(found)


def run(commands: str) -> None:
    subprocess.run(["bash", "-euc", commands], cwd=PACKAGE_ROOT, check=True, timeout=240)


def test_every_file_it_names_is_there() -> None:
    table = re.findall(r"^\| (`.+?) \| ", FILES, re.MULTILINE)
    names = [name for row in table for name in re.findall(r"`([^`]+)`", row)]

    assert len(names) >= 10
    assert [name for name in names if not (CONFIG_DIR / name).exists()] == []
    assert {path.name for path in CONFIG_DIR.iterdir()} - {name.partition("/")[0] for name in names} <= {
        "README.md", ".env", "__pycache__"
    }  # fmt: skip
    paths = re.findall(r"configs/[\w./-]+\w", README)
    made = {"configs/.env", "configs/kubernetes/secrets.env", "configs/ray/scenestream.env"}
    made |= {"configs/prometheus/scenestream.key"}
    assert [path for path in paths if not (PACKAGE_ROOT / path).exists() and path not in made] == []


def test_the_secrets_it_makes_are_complete(tmp_path: Path) -> None:
    commands = block("sh", "kind create").partition("password=")[2].partition("kubectl create")[0]
    made = tmp_path / "secrets.env"

    run(f"password={commands}".replace("configs/kubernetes/secrets.env\n", f"{made}\n"))

    example = filled_in(KUBERNETES / "secrets.env.example")
    found = read_env(made)
    password = found["STORE_PASSWORD"]
    assert len(password) == 48
    assert {name: value.replace(password, "0123456789abcdef") for name, value in found.items()} == example


def test_the_passwords_it_makes_are_enough_for_compose(tmp_path: Path) -> None:
    (command, *_) = block("sh", "up --build").splitlines()
    for name in ("compose.yaml", "compose.env.example"):
        shutil.copy(CONFIG_DIR / name, tmp_path)

    run(command.replace("configs/.env", str(tmp_path / ".env")))

    assert all(read_env(tmp_path / ".env").values())
    shutil.move(tmp_path / ".env", tmp_path / "compose.env.example")
    assert load_compose(tmp_path / "compose.yaml")["services"]


def test_the_overlay_it_shows_can_be_applied(tmp_path: Path) -> None:
    shutil.copytree(KUBERNETES, tmp_path / "kubernetes")
    mine = tmp_path / "kubernetes" / "mine"
    mine.mkdir()
    (mine / "kustomization.yaml").write_text(block("yaml", "kind: Kustomization"))

    found = {(one["kind"], one["metadata"]["name"]): one for one in rendered(mine)}

    cluster = found["RayService", "scenestream"]["spec"]["rayClusterConfig"]
    gpu = next(group for group in cluster["workerGroupSpecs"] if group["groupName"] == "gpu")
    assert gpu["maxReplicas"] == 20
    assert gpu["template"]["spec"]["containers"][0]["image"] == "registry.yours.example/scenestream:1"
    assert ("PodMonitor", "ray") in found
    assert ("PrometheusRule", "scenestream") in found


def test_the_service_is_gone_before_its_namespace_goes() -> None:
    """KubeRay makes a job in the namespace to clear up after a cluster, and the cluster waits for it."""
    commands = block("sh", "kubectl delete -k").splitlines()

    assert [line.split()[3] for line in commands[:2]] == ["delete", "wait"]
    assert commands[0].endswith("rayservice scenestream")
    assert "raycluster --all --for=delete" in commands[1]
    assert commands[2].startswith("kubectl delete -k")
