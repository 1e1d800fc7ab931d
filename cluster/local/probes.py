"""Health probes, one function for each kind of server: a real request to the server at a URL.

Each returns the server's name and version, or raises NotReadyError. Starts nothing, changes nothing.
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
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import AMQPError
from pymongo.errors import PyMongoError

from cluster.local.errors import NotReadyError

TIMEOUT_S = 3.0
"""For connecting, and for each answer."""


def postgres(url: str) -> str:
    """Connect and ask for the version."""
    try:
        with psycopg.connect(url, connect_timeout=int(TIMEOUT_S)) as connection:
            row = connection.execute("SHOW server_version").fetchone()
    except psycopg.Error as error:
        raise NotReadyError(f"PostgreSQL does not answer: {error}") from error
    return f"PostgreSQL {row[0]}" if row else "PostgreSQL"


def mongodb(url: str) -> str:
    """Send a ping and ask for the version: the port is open before the server answers."""
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
    """Log in and open a channel."""
    # A refused connection is expected here; pika logs several errors about each.
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    try:
        parameters = pika.URLParameters(url)
        parameters.socket_timeout = parameters.stack_timeout = TIMEOUT_S
        parameters.blocked_connection_timeout = TIMEOUT_S
        parameters.connection_attempts = 1
        # RabbitMQ opens its listener last: without one, the handshake would only time out.
        tcp(parameters.host, parameters.port)
        connection = pika.BlockingConnection(parameters)
        try:
            connection.channel().close()
            properties = connection._impl.server_properties or {}
        finally:
            connection.close()
    except (AMQPError, AMQPConnectorException, OSError, ValueError) as error:
        # a paused broker accepts and says nothing; pika 1.3 does not derive its error for that from AMQPError
        raise NotReadyError(f"RabbitMQ does not answer: {error!r}") from error
    version = properties.get("version", b"")
    return f"RabbitMQ {version.decode() if isinstance(version, bytes) else version}".strip()


def redis_server(url: str) -> str:
    """Log in and ask for the version."""
    try:
        with redis.Redis.from_url(url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S) as client:
            return f"Redis {client.info('server')['redis_version']}"
    except (redis.RedisError, ValueError) as error:
        raise NotReadyError(f"Redis does not answer: {error}") from error


def ray_head(address: str) -> str:
    """Connect to `host:port` or `ray://host:port`. An address without a port (`auto`) is not probed."""
    where = urlsplit(address if "://" in address else f"ray://{address}")
    if where.hostname and where.port:
        tcp(where.hostname, where.port)
    return "Ray"


def media(url: str) -> str:
    """Check that a directory exists. Object stores are not probed: their clients report errors themselves."""
    where = urlsplit(url)
    if where.scheme in ("", "file"):
        if not Path(where.path).is_dir():
            raise NotReadyError(f"There is no directory {where.path}.")
        return "directory"
    return where.scheme


def tcp(host: str, port: int) -> None:
    """Open and close a connection; NotReadyError if it is refused."""
    try:
        socket.create_connection((host, port), timeout=TIMEOUT_S).close()
    except OSError as error:
        raise NotReadyError(f"Nothing listens on {host}:{port}.") from error


def redacted(url: str) -> str:
    """The URL to show to people: without user and password, a Unix socket as its path."""
    where = urlsplit(url)
    host = where.netloc.rpartition("@")[2]
    if host and host == where.netloc and "@" in url:
        return f"{where.scheme}://…"  # an unquoted /, ? or # in the password ends the host too early
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
