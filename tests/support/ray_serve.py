"""Ray Serve and our keeper, imported without the warning that Serve's own schema gives under pydantic 2."""

from __future__ import annotations

import warnings

from pydantic import PydanticDeprecatedSince20

with warnings.catch_warnings():
    warnings.simplefilter(
        "ignore", PydanticDeprecatedSince20
    )  # of ray.serve.schema, when it is first imported
    from ray import serve
    from ray.serve import schema

    from actors import serve_keeper

__all__ = ["schema", "serve", "serve_keeper"]
