"""The application's OpenAPI document, and which module answers which call; no server is needed."""

from __future__ import annotations

import pkgutil
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute

from cluster.settings import Settings
from serve_app import routes
from serve_app.app import create_app
from serve_app.services import ApiServices


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of the document. `module`: of `serve_app.routes`; `repeatable`: takes an Idempotency-Key."""

    method: str
    path: str
    summary: str
    module: str
    repeatable: bool

    @property
    def pattern(self) -> re.Pattern[str]:
        """Fits the addresses of the call, below the prefix."""
        return re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(self.path)))


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """Of an application over stores that are away."""
    away = Settings(
        postgres_url="postgresql://127.0.0.1:1/none",
        mongodb_url="mongodb://127.0.0.1:1",
        rabbitmq_url="amqp://127.0.0.1:1",
        redis_url="redis://127.0.0.1:1",
        media_url="s3://none/none",
    )
    return create_app(ApiServices.from_settings(away)).openapi()


@lru_cache(maxsize=1)
def operations() -> tuple[Operation, ...]:
    """Every call, in the order of the document."""
    modules = _modules()
    return tuple(
        Operation(
            method.upper(),
            path,
            call["summary"],
            modules[method.upper(), path],
            any(one["name"].lower() == "idempotency-key" for one in call.get("parameters", ())),
        )
        for path, calls in document()["paths"].items()
        for method, call in calls.items()
    )


def _modules() -> dict[tuple[str, str], str]:
    found = {}
    for module in pkgutil.iter_modules(routes.__path__):
        for value in vars(import_module(f"{routes.__name__}.{module.name}")).values():
            if isinstance(value, APIRouter):
                for route in value.routes:
                    if isinstance(route, APIRoute):
                        found |= {(method, route.path): module.name for method in route.methods}
    return found
