"""Ray Serve, Ray's commands and our keeper, imported without the warning that Serve's own schema gives under
pydantic 2: as an error it would leave half of Serve imported, and the other half never to be.
"""

from __future__ import annotations

import warnings

from pydantic import PydanticDeprecatedSince20

with warnings.catch_warnings():
    warnings.simplefilter(
        "ignore", PydanticDeprecatedSince20
    )  # of ray.serve.schema, when it is first imported
    from ray import serve
    from ray.scripts.scripts import drain_node, start
    from ray.serve import schema

    from actors import serve_keeper

__all__ = ["drain_node", "schema", "serve", "serve_keeper", "start"]
