"""The parts of the local stack that need no server: names, files, environments, recognition of processes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path

import psutil
import pytest

from cluster.errors import InvalidSettingsError
from cluster.local import serve_config
from cluster.local.environment import environment_of, from_json, to_json
from cluster.local.errors import MissingServerError, StackBusyError
from cluster.local.layout import Layout, secret
from cluster.local.parts import rabbitmq
from cluster.local.parts.ray import Ray
from cluster.local.plan import local_api_url
from cluster.local.ports import PortBook
from cluster.local.probes import redacted
from cluster.local.process.locks import DirectoryLock
from cluster.local.process.records import Record, Records, belongings
from cluster.local.process.spawning import STACK_ID_VARIABLE, Identity, ProcessSpec, end, spawn
from cluster.settings import Settings, get_settings

SLEEPER = (sys.executable, "-c", "import time; time.sleep(600)")


@pytest.fixture
def layout(tmp_path: Path) -> Iterator[Layout]:
    made = Layout.at(tmp_path / "var")
    made.create()
    yield made
    made.tidy()


def test_settings_survive_the_way_through_an_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    # given settings that differ from the defaults in a text, a number, a truth value and a path
    wanted = Settings(
        http={"port": 9000}, log={"json_lines": True}, redis_url="redis://r/0", var_dir=Path("/srv/v")
    )
    # when a child reads the environment made of them
    for name, value in environment_of(wanted).items():
        monkeypatch.setenv(name, value)
    # then it has the same
    assert Settings() == wanted
    assert from_json(json.loads(json.dumps(to_json(wanted)))) == wanted


def test_settings_handed_to_the_supervisor_win_over_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    handed = to_json(Settings(ray_namespace="theirs"))
    monkeypatch.setenv("RAY_ADDRESS", "elsewhere:1")
    monkeypatch.setenv("SCENESTREAM_RAY_NAMESPACE", "ours")
    assert from_json(handed).ray_address == ""
    assert from_json(handed).ray_namespace == "theirs"


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("SCENESTREAM_HTTP__PORT", "secret", "http.port"),
        ("SCENESTREAM_HTTP", "secret", "http"),
        ("SCENESTREAM_LEASE__MAX_ATTEMPTS", "0", "lease.max_attempts"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    monkeypatch.setenv(variable, value)
    get_settings.cache_clear()
    with pytest.raises(InvalidSettingsError, match=told) as refusal:
        get_settings()
    assert "secret" not in refusal.value.message


def test_ports_are_remembered_until_somebody_takes_one(tmp_path: Path) -> None:
    path = tmp_path / "ports.json"
    first = PortBook(path)
    ports = {name: first.port(name) for name in ("a", "b")}
    assert {name: PortBook(path).port(name) for name in ports} == ports
    with socket.create_server(("127.0.0.1", ports["a"])):
        # the same stack keeps its port while its own server listens there, the next start avoids it
        assert first.port("a") == ports["a"]
        second = PortBook(path)
        assert second.port("a") != ports["a"]
        assert second.port("b") == ports["b"]


def test_a_damaged_ports_file_only_costs_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "ports.json"
    path.write_text('{"a": 80, "b": "x"')
    assert PortBook(path).port("a") > 1024


def test_secrets_are_made_once_and_are_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    made = secret(path)
    assert len(made) >= 32
    assert secret(path) == made
    assert path.stat().st_mode & 0o077 == 0


def test_videos_are_for_their_owner_only_also_where_an_older_version_made_the_directory(
    tmp_path: Path,
) -> None:
    for var_dir in (tmp_path / "new", tmp_path / "old"):
        (tmp_path / "old" / "media").mkdir(parents=True, exist_ok=True)
        Layout.at(var_dir).create()

        assert (var_dir / "media").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:secret@127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        ("amqp://user:secret@host:5672/%2F", "amqp://host:5672/%2F"),
        ("postgresql://u:secret@/db?host=%2Ftmp%2Fx", "/tmp/x"),
        ("postgresql://u@db.example.org/db?password=secret", "postgresql://db.example.org/db"),
        ("file:///srv/media", "file:///srv/media"),
        ("amqp://user:half/secret@host/%2F", "amqp://…"),
    ],
)
def test_addresses_for_people_have_no_password(url: str, shown: str) -> None:
    assert redacted(url) == shown


def test_a_stack_that_listens_everywhere_is_shown_at_an_address_one_can_open() -> None:
    assert local_api_url(Settings(http={"host": "0.0.0.0", "port": 81})) == "http://127.0.0.1:81"
    assert local_api_url(Settings(http={"host": "::1", "port": 81})) == "http://[::1]:81"


def test_sockets_of_a_deep_var_directory_have_short_names(tmp_path: Path) -> None:
    layout = Layout.at(tmp_path / ("deep" * 40))
    socket_name = (
        layout.socket_dir
        / "ray/s"
        / "session_2026-01-01_00-00-00_000000_1000000"
        / "sockets"
        / "plasma_store"
    )
    assert len(str(socket_name)) < 104
    assert Layout.at(layout.var_dir / ".." / layout.var_dir.name).stack_id == layout.stack_id


def test_processes_are_found_by_tag_and_by_session_after_their_parents_are_gone(layout: Layout) -> None:
    # given a process of the stack with a child, and a child without the tag, as after a changed title
    shell = (
        f"{sys.executable} -c 'import time; time.sleep(600)' & "
        f"env -u {STACK_ID_VARIABLE} {sys.executable} -c 'import time; time.sleep(600)' & wait"
    )
    spec = ProcessSpec("thing", ("/bin/sh", "-c", shell), layout.var_dir, dict(os.environ))
    child = spawn(spec, layout.log_file("thing"), layout.stack_id, "thing")
    identity = Identity.of(child.pid)
    assert identity is not None
    Records(layout).add(Record("thing", "thing", identity))
    deadline = time.monotonic() + 60
    while len(psutil.Process(child.pid).children()) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    family = {child.pid, *(process.pid for process in psutil.Process(child.pid).children())}
    assert len(family) == 3
    assert {process.pid for process in belongings(layout)} == family
    # when the parent is killed
    child.kill()
    child.wait()
    # then the children are still recognised, for this part only, and can be ended
    orphans = belongings(layout, "thing")
    assert {process.pid for process in orphans} == family - {child.pid}
    assert belongings(layout, "other") == []
    assert end(orphans, 60.0) == []
    assert belongings(layout) == []


def test_a_process_that_got_the_pid_of_a_recorded_one_is_left_alone(layout: Layout) -> None:
    with subprocess.Popen(SLEEPER, start_new_session=True) as stranger:
        now = Identity.of(stranger.pid)
        assert now is not None
        earlier = Identity(now.pid, now.create_time - 3600)
        Records(layout).add(Record("thing", "thing", earlier))
        assert earlier.process() is None
        assert belongings(layout) == []
        stranger.kill()


def test_a_directory_has_one_owner_at_a_time(layout: Layout) -> None:
    with DirectoryLock(layout.lock_file), pytest.raises(StackBusyError):
        DirectoryLock(layout.lock_file).acquire(give_up=lambda: True)
    with DirectoryLock(layout.lock_file):
        pass


def test_a_missing_rabbitmq_is_named_with_what_to_do(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rabbitmq, "SCRIPTS", ())
    monkeypatch.setattr(rabbitmq, "_search_path", lambda: "/nowhere")
    with pytest.raises(MissingServerError, match=r"install_system\.sh.*SCENESTREAM_RABBITMQ_URL"):
        rabbitmq.RabbitMQ(layout, PortBook(layout.ports_file)).prepare()


def test_ray_ends_no_worker_for_memory(layout: Layout) -> None:
    """Its choice takes bridge and pool along, also where a person's variables ask for it."""
    part = Ray(layout, PortBook(layout.ports_file), {"RAY_memory_monitor_refresh_ms": "250"})
    part.prepare()

    [head] = part.processes()

    assert head.env["RAY_memory_monitor_refresh_ms"] == "0"


def test_the_shipped_applications_are_those_of_the_design() -> None:
    found = {application.name: application for application in serve_config.load()}
    assert {name: application.route_prefix for name, application in found.items()} == {
        "actors": None,
        "api": "/api/v1",
        "ui": "/",
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("applications: 3", "needs a list"),
        ("applications: [{name: a}]", "needs 'name' and 'import_path'"),
        ("applications: [{name: a, import_path: nocolon}]", "must look like"),
        ("applications: [{name: a, import_path: 'm:f', route_prefix: api}]", "begin with a slash"),
        ("applications: [{name: a, import_path: 'm:f'}, {name: a, import_path: 'm:f'}]", "two applications"),
        ("applications: [", "cannot be read"),
    ],
)
def test_a_wrong_serve_configuration_is_refused_with_the_reason(
    tmp_path: Path, text: str, reason: str
) -> None:
    path = tmp_path / "serve.yaml"
    path.write_text(text)
    with pytest.raises(InvalidSettingsError, match=reason):
        serve_config.load(path)


class SlowLoader(SourceFileLoader):
    """Takes its time between the lock of a module and the module."""

    creating = threading.Event()

    def create_module(self, spec: ModuleSpec) -> None:
        self.creating.set()
        time.sleep(0.5)


class SlowFinder(MetaPathFinder):
    """Finds one package, with the slow loader."""

    def __init__(self, package: Path) -> None:
        self.package = package

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        if fullname != self.package.name:
            return None
        file = str(self.package / "__init__.py")
        loader = SlowLoader(fullname, file)
        return spec_from_file_location(
            fullname, file, loader=loader, submodule_search_locations=[str(self.package)]
        )


def test_two_threads_may_import_a_package_and_a_module_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a package that imports its own module, and a thread that has begun to import the package
    package = tmp_path / "slow_package"
    package.mkdir()
    (package / "__init__.py").write_text("from slow_package.module import answer\n")
    (package / "module.py").write_text("def answer():\n    return 42\n")
    monkeypatch.setattr(sys, "meta_path", [SlowFinder(package), *sys.meta_path])
    with ThreadPoolExecutor() as threads:
        first = threads.submit(serve_config.function, "slow_package:answer")
        assert SlowLoader.creating.wait(10)
        # when another thread imports the module
        second = threads.submit(serve_config.function, "slow_package.module:answer")
    # then both get their function, although each import needs the lock that the other one holds
    assert first.result()() == second.result()() == 42
