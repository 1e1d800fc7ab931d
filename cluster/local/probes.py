"""One real question to each kind of server, by URL: the local stack's own or somebody else's.

Each returns a word on the server (its version) or raises NotReadyError. Starts nothing, changes nothing.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pika
import psycopg
import pymongo
import redis
from pika.exceptions import AMQPError
from pymongo.errors import PyMongoError

from cluster.local.errors import NotReadyError

TIMEOUT_S = 3.0


def postgres(url: str) -> str:
    """Connects and asks for the version."""
    try:
        with psycopg.connect(url, connect_timeout=int(TIMEOUT_S)) as connection:
            row = connection.execute("SHOW server_version").fetchone()
    except psycopg.Error as error:
        raise NotReadyError(f"PostgreSQL does not answer: {error}") from error
    return f"PostgreSQL {row[0]}" if row else "PostgreSQL"


def mongodb(url: str) -> str:
    """A ping over the wire: a port may be open earlier than the server answers."""
    timeout_ms = int(TIMEOUT_S * 1000)
    try:
        client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(
            url, serverSelectionTimeoutMS=timeout_ms, socketTimeoutMS=timeout_ms
        )
    except PyMongoError as error:
        raise NotReadyError(f"MongoDB cannot be reached: {error}") from error
    try:
        client.admin.command("ping")
        version = client.admin.command("buildInfo").get("version", "")
    except PyMongoError as error:
        raise NotReadyError(f"MongoDB does not answer: {error}") from error
    finally:
        client.close()
    return f"MongoDB {version}".strip()


def rabbitmq(url: str) -> str:
    """Opens a channel as a client would."""
    # A refused connection is an answer here; pika would log several errors about each.
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    try:
        parameters = pika.URLParameters(url)
        parameters.socket_timeout = parameters.stack_timeout = TIMEOUT_S
        parameters.blocked_connection_timeout = TIMEOUT_S
        parameters.connection_attempts = 1
        # A listener opens last; asked before, the handshake would only time out.
        tcp(parameters.host, parameters.port)
        connection = pika.BlockingConnection(parameters)
        try:
            connection.channel().close()
            told = connection._impl.server_properties or {}
        finally:
            connection.close()
    except (AMQPError, OSError, ValueError) as error:
        raise NotReadyError(f"RabbitMQ does not answer: {error!r}") from error
    version = told.get("version", b"")
    return f"RabbitMQ {version.decode() if isinstance(version, bytes) else version}".strip()


def redis_server(url: str) -> str:
    """Asks for the version, with the password."""
    try:
        with redis.Redis.from_url(url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S) as client:
            return f"Redis {client.info('server')['redis_version']}"
    except (redis.RedisError, ValueError) as error:
        raise NotReadyError(f"Redis does not answer: {error}") from error


def ray_head(address: str) -> str:
    """Whether something listens at `host:port` or `ray://host:port`; `auto` is for Ray to find."""
    where = urlsplit(address if "://" in address else f"ray://{address}")
    if where.hostname and where.port:
        tcp(where.hostname, where.port)
    return "Ray"


def media(url: str) -> str:
    """A directory must be there; other stores are asked by those who use them."""
    where = urlsplit(url)
    if where.scheme in ("", "file"):
        if not Path(where.path).is_dir():
            raise NotReadyError(f"There is no directory {where.path}.")
        return "directory"
    return where.scheme


def tcp(host: str, port: int) -> None:
    """Raises NotReadyError unless a connection is accepted."""
    try:
        socket.create_connection((host, port), timeout=TIMEOUT_S).close()
    except OSError as error:
        raise NotReadyError(f"Nothing listens on {host}:{port}.") from error


def redacted(url: str) -> str:
    """The URL as people may see it: without user and password, Unix sockets as their path."""
    where = urlsplit(url)
    host = where.netloc.rpartition("@")[2]
    if host and host == where.netloc and "@" in url:
        return f"{where.scheme}://…"  # an unquoted sign: what looks like the host is half of the password
    if not host and where.query:
        return parse_qs(where.query).get("host", [url])[0]
    if not where.scheme:
        return url
    return f"{where.scheme}://{host}{where.path}"


BY_PART: dict[str, Callable[[str], str]] = {
    "postgres": postgres,
    "mongodb": mongodb,
    "rabbitmq": rabbitmq,
    "redis": redis_server,
    "media": media,
    "ray": ray_head,
}
