"""Checks the content of the servers and this user's rights to it.

PostgreSQL: schema, clock, API keys, pgvector. MongoDB: reading results. RabbitMQ: queues. Media store:
writing, reading and deleting a small file, the only thing that is created. A server that does not answer
gives no finding here, because `servers` reports it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
from pika.exceptions import AMQPError, ChannelClosedByBroker
from pymongo.errors import OperationFailure, PyMongoError

from cluster.commands.doctor.findings import Finding, ok, problem, warning
from cluster.errors import ScenestreamError
from cluster.settings import Settings
from cluster.stores.ids import new_id
from cluster.stores.media.keys import upload_key
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.connection import make_client
from cluster.stores.postgres.migrate import find_migrations
from cluster.stores.postgres.search.meanings import OLDEST_VECTOR, is_usable
from cluster.stores.rabbitmq.broker import BrokerNames
from cluster.stores.rabbitmq.connection import connect, declare

CONNECT_TIMEOUT_S = 3

LARGEST_SKEW_S = 2.0
"""A larger difference is a warning: signed links and sessions contain times. Leases do not depend on it."""

_PROBE_BYTES = b"scenestream doctor"
_NOT_PREPARED = (
    "Start bridge and API once (`scenestream up`, or deploy): they bring it up to date by themselves."
)
_NO_SUCH_QUEUE, _ACCESS_REFUSED = 404, 403
"""Reply codes of AMQP 0-9-1."""

_TABLES = frozenset({"videos", "outbox", "uploads", "api_keys", "clip_jobs", "imports", "webhooks"})


def check_database(url: str, settings: Settings) -> Iterator[Finding]:
    """Schema, clock and keys of PostgreSQL."""
    try:
        connection = psycopg.connect(url, connect_timeout=CONNECT_TIMEOUT_S, autocommit=True)
    except psycopg.Error:
        return
    with connection:
        try:
            yield _schema(connection)
            yield _clock(connection)
            yield _meaning(connection)
            if settings.needs_key:
                yield _keys(connection)
        except psycopg.errors.InsufficientPrivilege as error:
            yield problem(
                "schema",
                f"this user has no right to what is there: {' '.join(str(error).split())}",
                "Let SCENESTREAM_POSTGRES_URL name the owner of the tables, or grant all rights on them.",
            )
        except psycopg.OperationalError:
            return


def _schema(connection: psycopg.Connection) -> Finding:
    found = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"  # also those it may not read
    ).fetchall()
    tables = {str(row[0]) for row in found}
    if "schema_migrations" not in tables:
        return warning("schema", "the database is empty", _NOT_PREPARED)
    rows = connection.execute("SELECT number FROM schema_migrations").fetchall()
    applied = {int(row[0]) for row in rows}
    known = {migration.number for migration in find_migrations()}
    if applied - known:
        return problem(
            "schema",
            f"migration {max(applied)} was applied by a newer version; this one knows {max(known)}",
            "Update this installation: an older version may not understand what a newer one has written.",
        )
    if gone := sorted(_TABLES - tables):
        return problem(
            "schema",
            f"tables are missing that were there: {', '.join(gone)}",
            "Restore the database from a backup; the migrations do not make them a second time.",
        )
    if missing := sorted(known - applied):
        return warning("schema", f"migrations are missing: {', '.join(map(str, missing))}", _NOT_PREPARED)
    return ok("schema", f"up to date (migration {max(known)})")


def _clock(connection: psycopg.Connection) -> Finding:
    asked_at = time.monotonic()
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    took_s = time.monotonic() - asked_at
    assert row is not None
    return skew((datetime.now(UTC) - row[0]).total_seconds() - took_s / 2)


def _meaning(connection: psycopg.Connection) -> Finding:
    """Whether the server has what search by meaning needs; without it search is by words alone."""
    row = connection.execute(
        "SELECT coalesce(installed_version, default_version) FROM pg_available_extensions "
        "WHERE name = 'vector'"
    ).fetchone()
    version = None if row is None else str(row[0])
    if is_usable(version):
        return ok("search", f"by words and by meaning (pgvector {version})")
    oldest = ".".join(map(str, OLDEST_VECTOR))
    found = "has no pgvector" if version is None else f"has pgvector {version}, which is too old"
    return warning(
        "search",
        f"by words alone: PostgreSQL {found}",
        f"Install pgvector {oldest} or newer on its machine; bridges then use it by themselves.",
    )


def skew(seconds: float) -> Finding:
    """The finding for a clock that is `seconds` ahead of PostgreSQL's."""
    told = f"this machine and PostgreSQL are {abs(seconds):.1f} s apart"
    if abs(seconds) > LARGEST_SKEW_S:
        return warning(
            "clock",
            told,
            "Let both follow one time server (chrony, systemd-timesyncd): times shown, and links that"
            " expire, are wrong by that much.",
        )
    return ok("clock", told)


def _keys(connection: psycopg.Connection) -> Finding:
    try:
        row = connection.execute(
            "SELECT count(*) FROM api_keys "
            "WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())"
        ).fetchone()
    except psycopg.errors.UndefinedTable:
        row = (0,)
    usable = int(row[0]) if row else 0
    if not usable:
        return problem(
            "keys",
            "every request needs an API key, and there is none",
            "Make one: `scenestream keys create NAME --scope admin`.",
        )
    return ok("keys", f"{usable} can be used")


def check_queues(url: str, names: BrokerNames | None = None) -> Iterator[Finding]:
    """Whether the queues have the expected type and arguments, and whether there are dead letters."""
    names = names or BrokerNames()
    try:
        with connect(url, "scenestream doctor") as connection:
            try:
                waiting = connection.channel().queue_declare(names.queue, passive=True).method.message_count
                dead = connection.channel().queue_declare(names.dead_queue, passive=True).method.message_count
                declare(connection.channel(), names)  # on an existing queue this only compares
            except ChannelClosedByBroker as error:
                yield refused(error, names)
                return
    except (AMQPError, OSError):
        return
    yield ok("queues", f"quorum queues, {waiting} doorbells wait")
    if dead:
        yield warning(
            "dead letters",
            f"{dead} messages in {names.dead_queue} could not be handled",
            "Look at them (rabbitmqadmin get) and at the bridges' logs; who else writes to this queue? Then "
            "purge it. Videos are not lost with them: PostgreSQL knows what waits.",
        )


def refused(error: ChannelClosedByBroker, names: BrokerNames) -> Finding:
    """The finding for an error with which RabbitMQ closed the channel."""
    if error.reply_code == _NO_SUCH_QUEUE:
        return warning("queues", "are not there yet", _NOT_PREPARED)
    if error.reply_code == _ACCESS_REFUSED:
        return problem(
            "queues",
            f"this user has no right to them: {error.reply_text}",
            f"Grant it configure, write and read on {names.prefix}.* (rabbitmqctl set_permissions).",
        )
    return problem(
        "queues",
        f"are of another kind than wanted: {error.reply_text}",
        f"Stop all bridges, delete the queues {names.queue} and {names.dead_queue}, and start again: "
        "what waits is in PostgreSQL and is rung for anew.",
    )


def check_results(url: str, database: str) -> Iterator[Finding]:
    """Whether this user may read the results: MongoDB answers a ping without any right."""
    try:
        with make_client(url, CONNECT_TIMEOUT_S) as client:
            client[database]["timelines"].find_one({}, {"_id": True})
    except OperationFailure as error:
        yield problem(
            "results",
            f"the database {database} refuses to be read: {(error.details or {}).get('errmsg') or error}",
            "Look at user, password and authSource in SCENESTREAM_MONGODB_URL; readWrite is wanted there.",
        )
    except PyMongoError:
        return
    else:
        yield ok("results", f"the database {database} can be read")


def check_media(url: str) -> Iterator[Finding]:
    """Write, read and delete a small file."""
    key = upload_key(f"doctor-{new_id()}")
    try:
        media = MediaStore(url)
        try:
            media.put_stream(key, [_PROBE_BYTES])
            read = b"".join(media.read_range(key, 0, len(_PROBE_BYTES)))
        finally:
            media.delete(key)
        gone = not media.exists(key)
    except (ScenestreamError, OSError) as error:
        yield problem(
            "media",
            f"{url}: {' '.join(str(error).split())[:300]}",
            "See that the place exists and that this user, or the credentials in AWS_…, may read, write and "
            "delete there; SCENESTREAM_MEDIA_URL says where it is.",
        )
        return
    if read != _PROBE_BYTES or not gone:
        yield problem(
            "media",
            f"{url} did not give back what was written, or keeps what was deleted",
            "Use a store that is consistent after every write; caches in between must be off.",
        )
    else:
        yield ok("media", f"{url}: written, read and deleted")
