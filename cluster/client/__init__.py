"""The Python client of the HTTP API; the command line is built on it.

Speaks HTTP only (httpx) and knows no store and no Ray. Operations are generators that ask for requests
(steps.py), put together from what requests and uploads have in common (requests.py, uploading.py); `Client`
and `AsyncClient` run the same ones (methods.py). Answers are dictionaries with types (types.py), errors the
exceptions of `cluster.errors`.
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
