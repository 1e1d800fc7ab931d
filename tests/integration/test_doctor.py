"""The doctor in front of what really goes wrong: each fault is found and comes with what mends it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pika
import psycopg
import pytest
from pika.exceptions import ChannelClosedByBroker

from cluster.commands.doctor import configuration, contents, machine, servers, software
from cluster.commands.doctor.findings import Finding, Severity
from cluster.commands.doctor.stack import check_api, check_stack
from cluster.local.layout import Layout
from cluster.local.process.spawning import STACK_ID_VARIABLE
from cluster.settings import AccessSettings, HttpSettings, Settings
from cluster.stores.ids import new_id
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.rabbitmq.broker import BrokerNames, declare_topology
from tests.support.stack.whole import Stack

NOTHING = "127.0.0.1:1"  # no server listens there


def levels(findings: Iterable[Finding]) -> dict[str, Severity]:
    return {finding.what: finding.level for finding in findings}


def only(findings: Iterable[Finding]) -> Finding:
    (finding,) = findings
    return finding


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    return Settings(var_dir=tmp_path / "var")


@pytest.fixture
def names(rabbitmq_url: str) -> Iterator[BrokerNames]:
    """Queues of the test's own, deleted afterwards."""
    made = BrokerNames(prefix=f"test_{new_id()[:12]}")
    yield made
    with pika.BlockingConnection(pika.URLParameters(rabbitmq_url)) as connection:
        for queue in (made.queue, made.dead_queue):
            connection.channel().queue_delete(queue)


def test_a_variable_with_a_slip_is_found_and_the_right_one_named() -> None:
    found = list(
        configuration.check_variables(
            {
                "SCENESTREAM_LEASE__DURATON_S": "60",
                "SCENESTREAM_POSTGRES_URL": "",
                "SCENESTREAM_QUEUEING__OWNERS__ARCHIVE": "{}",
                "SCENESTREAM_API_KEY": "sk_",
                # of Kubernetes, for a Service called scenestream-serve-svc
                "SCENESTREAM_SERVE_SVC_SERVICE_HOST": "10.0.0.1",
                "SCENESTREAM_SERVE_SVC_PORT_8000_TCP": "tcp://10.0.0.1:8000",
                "OTHER": "1",
            }
        )
    )

    told = only(found)
    assert told.level is Severity.WARNING
    assert "SCENESTREAM_LEASE__DURATON_S" in told.told
    assert told.advice == "Did you mean SCENESTREAM_LEASE__DURATION_S?"


def test_servers_that_answer(postgres_url: str, rabbitmq_url: str, mongodb_url: str, redis_url: str) -> None:
    urls = {"postgres": postgres_url, "rabbitmq": rabbitmq_url, "mongodb": mongodb_url, "redis": redis_url}

    found = [finding for name in urls for finding in servers.check_server(name, urls)]

    assert levels(found) == dict.fromkeys(urls, Severity.OK)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("postgres", f"postgresql://user:secret@{NOTHING}/films"),
        ("rabbitmq", f"amqp://user:secret@{NOTHING}/%2F"),
        ("redis", f"redis://:secret@{NOTHING}/0"),
    ],
)
def test_a_server_that_is_not_there(name: str, url: str) -> None:
    told = only(servers.check_server(name, {name: url}))

    assert told.level is Severity.PROBLEM
    assert f"SCENESTREAM_{name.upper()}_URL" in told.advice
    assert "secret" not in told.told


def test_a_wrong_password_is_told_apart_from_a_server_that_is_away(rabbitmq_url: str, redis_url: str) -> None:
    found = []
    for name, url in (("rabbitmq", rabbitmq_url), ("redis", redis_url)):
        where = urlsplit(url)
        wrong = f"{where.username or ''}:wrong@{where.hostname}:{where.port}"
        found += servers.check_server(name, {name: urlunsplit(where._replace(netloc=wrong))})

    assert [finding.level for finding in found] == [Severity.PROBLEM] * 2
    assert all("password" in finding.advice for finding in found)


@pytest.mark.parametrize(
    "url", ["amqp://user:hal/f@mq:5672/%2F", "amqp://user:hal#f@mq/", "amqp://user:[hal@mq/"]
)
def test_an_address_that_a_sign_of_the_password_has_torn(url: str) -> None:
    told = only(servers.check_server("rabbitmq", {"rabbitmq": url}))

    assert told.level is Severity.PROBLEM
    assert "hal" not in told.told + told.advice
    assert "%2F" in told.advice


def test_a_password_that_cannot_be_read_is_not_told() -> None:
    told = only(servers.check_server("postgres", {"postgres": f"postgresql://user:half%zz@{NOTHING}/films"}))

    assert told.level is Severity.PROBLEM
    assert "half" not in told.told


def test_a_user_without_rights_is_told_apart_from_an_empty_database(postgres_url: str, own: Settings) -> None:
    role = f"stranger_{new_id()[:12]}"
    with Jobs(postgres_url, max_connections=1) as jobs:
        jobs.migrate()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'".encode())
        try:
            stranger = psycopg.conninfo.make_conninfo(postgres_url, user=role, password="secret")
            told = only(contents.check_database(stranger, own))
        finally:
            connection.execute(f"DROP ROLE {role}".encode())

    assert (told.what, told.level) == ("schema", Severity.PROBLEM)
    assert "rights" in told.advice


def test_a_schema_from_empty_to_whole_to_damaged(postgres_url: str, own: Settings) -> None:
    empty = levels(contents.check_database(postgres_url, own))
    with Jobs(postgres_url, max_connections=1) as jobs:
        jobs.migrate()
    whole = levels(contents.check_database(postgres_url, own))
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP TABLE webhooks CASCADE")
        damaged = next(iter(contents.check_database(postgres_url, own)))
        connection.execute("INSERT INTO schema_migrations (number, name) VALUES (9999, '9999_later')")
        newer = next(iter(contents.check_database(postgres_url, own)))

    for found in (empty, whole):
        assert found.pop("search") in (Severity.OK, Severity.WARNING)  # as the server has pgvector or has not
    assert empty == {"schema": Severity.WARNING, "clock": Severity.OK}
    assert whole == {"schema": Severity.OK, "clock": Severity.OK}
    assert (damaged.level, newer.level) == (Severity.PROBLEM, Severity.PROBLEM)
    assert "webhooks" in damaged.told
    assert "9999" in newer.told


def test_keys_that_are_needed_and_missing(postgres_url: str, tmp_path: Path) -> None:
    guarded = Settings(var_dir=tmp_path, access=AccessSettings(required="always"))
    with Jobs(postgres_url, max_connections=1) as jobs:
        jobs.migrate()
        without = levels(contents.check_database(postgres_url, guarded))
        jobs.api_keys.create("anna", "anna", ["read"])
        with_one = levels(contents.check_database(postgres_url, guarded))

    assert without["keys"] is Severity.PROBLEM
    assert with_one["keys"] is Severity.OK


def test_queues_that_are_missing_right_and_wrong(rabbitmq_url: str, names: BrokerNames) -> None:
    missing = only(contents.check_queues(rabbitmq_url, names))
    declare_topology(rabbitmq_url, names)
    with pika.BlockingConnection(pika.URLParameters(rabbitmq_url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        right = levels(contents.check_queues(rabbitmq_url, names))
        channel.basic_publish("", names.dead_queue, b"what nobody understands")
        dead = levels(contents.check_queues(rabbitmq_url, names))
        channel.queue_delete(names.queue)
        channel.queue_declare(names.queue, durable=True)
        wrong = only(contents.check_queues(rabbitmq_url, names))

    assert missing.level is Severity.WARNING
    assert right == {"queues": Severity.OK}
    assert dead == {"queues": Severity.OK, "dead letters": Severity.WARNING}
    assert wrong.level is Severity.PROBLEM
    assert names.queue in wrong.advice


def test_queues_that_this_user_may_not_touch_are_not_to_be_deleted() -> None:
    names = BrokerNames()
    refusal = ChannelClosedByBroker(403, "ACCESS_REFUSED - read access to queue refused for user 'u'")
    other_kind = ChannelClosedByBroker(406, "PRECONDITION_FAILED - inequivalent arg 'x-queue-type'")

    assert "delete" not in contents.refused(refusal, names).advice
    assert "set_permissions" in contents.refused(refusal, names).advice
    assert "delete" in contents.refused(other_kind, names).advice


def test_results_that_can_be_read(mongodb_url: str) -> None:
    assert only(contents.check_results(mongodb_url, "scenestream_doctor")).level is Severity.OK


def test_a_media_store_that_can_be_written_to_and_one_that_cannot(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    (tmp_path / "file").write_text("no directory")

    assert only(contents.check_media((tmp_path / "media").as_uri())).level is Severity.OK
    assert list((tmp_path / "media").rglob("doctor*")) == []
    assert only(contents.check_media((tmp_path / "file").as_uri())).level is Severity.PROBLEM


def test_a_port_that_is_free_and_one_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        taken = only(machine.check_port(Settings(var_dir=tmp_path, http=HttpSettings(port=port))))
    free = only(machine.check_port(Settings(var_dir=tmp_path, http=HttpSettings(port=port))))

    assert (taken.level, free.level) == (Severity.PROBLEM, Severity.OK)
    assert str(port) in taken.told


def test_a_driver_that_works_is_broken_or_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    without = software.driver_gpus()
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'GPU 0: A10 (UUID: 1)'\necho 'GPU 1: A10 (UUID: 2)'\n")
    tool.chmod(0o755)
    working = software.driver_gpus()
    tool.write_text('#!/bin/sh\necho "couldn\'t communicate with the driver"\nexit 9\n')

    assert (without, working) == (None, 2)
    with pytest.raises(software.DriverError, match="couldn't communicate"):
        software.driver_gpus()
    assert "2 seen" in software.gpus(None, 2, None).told  # PyTorch needs no nvidia-smi


def test_a_ray_that_does_not_answer_is_told() -> None:
    assert software.ray_told("head:6379", "").level is Severity.OK
    assert software.ray_told("head:6379", "ConnectionError: no").level is Severity.PROBLEM


def test_what_a_crashed_stack_left_behind(own: Settings) -> None:
    layout = Layout.at(own.var_dir)
    nothing = only(check_stack(own))
    layout.create()
    environment = {**os.environ, STACK_ID_VARIABLE: layout.stack_id}
    orphan = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, env=environment)
    try:
        left = only(check_stack(own))
    finally:
        orphan.communicate(b"\n")
        layout.tidy()

    assert nothing.level is Severity.OK
    assert left.level is Severity.WARNING
    assert str(orphan.pid) in left.told
    assert "scenestream down" in left.advice


def test_limits_of_the_machine_are_judged(tmp_path: Path, own: Settings) -> None:
    (tmp_path / "var").write_text("a file where the directory should be")
    unusable = next(iter(machine.check_var(own)))
    rooms = [machine.disk(tmp_path, gib << 30).level for gib in (0, 5, 500)]
    seen = [
        software.gpus(*counts).level for counts in ((None, 0, None), (2, 2, 2.0), (2, 0, None), (2, 2, 0.0))
    ]

    assert unusable.level is Severity.PROBLEM
    assert rooms == [Severity.PROBLEM, Severity.WARNING, Severity.OK]
    assert seen == [Severity.OK, Severity.OK, Severity.PROBLEM, Severity.WARNING]
    assert contents.skew(-30.0).level is Severity.WARNING
    assert list(
        software.wrong_packages(["no-such-package-of-anybody>=1", "pydantic<1", "rich; extra == 's3'"])
    ) == [
        "no-such-package-of-anybody is missing",
        next(software.wrong_packages(["pydantic<1"])),
    ]


def test_the_command_tells_all_of_it_and_fails(tmp_path: Path, postgres_url: str) -> None:
    environment = {
        **os.environ,
        "SCENESTREAM_VAR_DIR": str(tmp_path),
        "SCENESTREAM_POSTGRES_URL": postgres_url,
        "SCENESTREAM_REDIS_URL": f"redis://{NOTHING}/0",
        "SCENESTREAM_API_URL": f"http://{NOTHING}",
        "SCENESTREAM_POSTGRESS_URL": "9000",
    }
    command = [str(Path(sys.executable).parent / "scenestream"), "doctor", "--quick", "--json"]

    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)

    assert done.returncode == 1, done.stderr
    found = [(one["what"], one["level"]) for one in json.loads(done.stdout)]
    assert {("redis", "problem"), ("api", "problem"), ("variables", "warning"), ("schema", "warning")} <= set(
        found
    )
    assert {("postgres", "ok"), ("settings", "ok"), ("python", "ok")} <= set(found)


def test_the_port_of_an_api_that_others_have_started_is_not_taken(stack: Stack, tmp_path: Path) -> None:
    """As on a node of a cluster, where Serve's proxy listens and no stack of `up` runs."""
    port = urlsplit(stack.url).port
    assert port is not None

    found = only(machine.check_port(Settings(var_dir=tmp_path, http=HttpSettings(host="0.0.0.0", port=port))))

    assert found.level is Severity.OK
    assert "API" in found.told


class Answers(BaseHTTPRequestHandler):
    """An API whose pool is silent in the first `silent` answers."""

    silent = 0
    asked = 0
    servers: Sequence[Mapping[str, object]] = ({"name": "redis", "healthy": True},)

    def do_GET(self) -> None:
        type(self).asked += 1
        row = {"state": "idle", "replaced": 0}
        pool = {"actors": [row], "wanted": 1} if self.asked > self.silent else None
        told = {"servers": self.servers, "pool": pool, "pool_detail": "late"}
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing: the test says what was asked."""


def of_api(handler: type[Answers], patience_s: float) -> list[Finding]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found = list(check_api(f"http://127.0.0.1:{server.server_port}", None, patience_s=patience_s))
        server.shutdown()
    return found


@pytest.mark.parametrize(
    ("silent", "level", "told"),
    [(2, Severity.OK, "1 of 1 actors are ready"), (10**6, Severity.PROBLEM, "late")],
)
def test_a_pool_that_is_late_once_is_no_finding_and_one_that_stays_silent_is(
    silent: int, level: Severity, told: str
) -> None:
    """A busy machine: the API gives the pool two seconds, and now and then it needs more."""
    handler = type("Late", (Answers,), {"silent": silent})
    found = of_api(handler, patience_s=60.0 if level is Severity.OK else 2.5)

    pool = only(one for one in found if one.what == "pool")
    assert (pool.level, pool.told) == (level, told)
    assert handler.asked >= 3


def test_a_full_disk_is_no_server_that_is_not_reached() -> None:
    full = {"name": "disk", "healthy": False, "detail": "Only 0.1 GiB are free for media."}
    handler = type("Full", (Answers,), {"servers": (full,)})
    told = {one.what: (one.level, one.told) for one in of_api(handler, patience_s=60.0)}
    assert told["api"][0] is Severity.OK
    assert told["api-disk"] == (Severity.PROBLEM, "The API's machine: Only 0.1 GiB are free for media.")
    assert handler.asked == 1, "it is not asked again until there is room"


def test_nothing_is_wrong_with_a_running_stack(stack: Stack) -> None:
    done = stack.cli("doctor", "--quick", "--json", check=False)

    found = json.loads(done.stdout)
    assert [one for one in found if one["level"] == "problem"] == []
    assert done.returncode == 0
    told = {one["what"]: one["told"] for one in found}
    assert {
        "postgres", "rabbitmq", "mongodb", "redis", "schema", "queues", "results", "media", "api", "pool",
    } <= told.keys()  # fmt: skip
    assert "1 of 1 actors" in told["pool"]
    plain = stack.cli("top", "--once").stdout
    assert "segmenter-0" in plain
