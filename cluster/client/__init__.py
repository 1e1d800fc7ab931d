"""The Python client of the HTTP API; the command line is built on it.

Uses HTTP only (httpx); knows no store and no Ray. Each operation is a generator that yields the requests to
make (steps.py), built from shared parts (requests.py, uploading.py). `Client` and `AsyncClient` run the same
generators (methods.py). Answers are typed dictionaries (types.py); errors are the exceptions of
`cluster.errors`.
"""

from cluster.client.asynchronous import AsyncClient
from cluster.client.blocking import Client
from cluster.client.resumption import Resumption
from cluster.client.running import API_KEY_VARIABLE
from cluster.client.types import Event, Level, Segment, State, Video

__all__ = [
    "API_KEY_VARIABLE",
    "AsyncClient",
    "Client",
    "Event",
    "Level",
    "Resumption",
    "Segment",
    "State",
    "Video",
]
