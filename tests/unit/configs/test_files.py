"""Every file under configs/ is read by the tool it is for; nothing lies there that nobody reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster.settings import CONFIG_DIR
from tests.support.configs import all_files, loader_of, read_env, setting_names, settings_of


@pytest.mark.parametrize("path", all_files(), ids=lambda path: str(path.relative_to(CONFIG_DIR)))
def test_it_is_read_by_what_it_is_for(path: Path) -> None:
    loader_of(path)(path)


@pytest.mark.parametrize("name", ["stray.yaml", "presets/deep/stray.yaml", "kubernetes/stray.json"])
def test_a_file_that_nothing_reads_is_found(name: str) -> None:
    with pytest.raises(LookupError, match="stray"):
        loader_of(CONFIG_DIR / name)


@pytest.mark.parametrize("name", ["ray/scenestream.env.example", "kubernetes/secrets.env.example"])
def test_examples_of_an_environment_name_settings(name: str) -> None:
    environment = read_env(CONFIG_DIR / name)

    settings_of(environment)
    stores = {f"SCENESTREAM_{store}_URL" for store in ("POSTGRES", "MONGODB", "RABBITMQ", "REDIS", "MEDIA")}
    assert stores <= set(environment) & setting_names()


def test_no_example_holds_a_password() -> None:
    secrets = [
        (path.name, variable, value)
        for path in CONFIG_DIR.rglob("*.env.example")
        for variable, value in read_env(path).items()
        if "PASSWORD" in variable or "SECRET" in variable
    ]

    assert len(secrets) >= 8
    assert [found for found in secrets if found[2]] == []
