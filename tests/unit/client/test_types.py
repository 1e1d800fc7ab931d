"""The client's types have the keys that the API's OpenAPI document describes."""

from __future__ import annotations

from typing import Any, get_type_hints

import pytest

from cluster.client import types
from cluster.contract import access as schemas_access
from cluster.contract import clips as schemas_clips
from cluster.contract import imports as schemas_imports
from cluster.contract import revisions as schemas_revisions
from cluster.contract import videos as schemas

PAIRS: list[tuple[Any, Any]] = [
    (types.Video, schemas.VideoDocument),
    (types.Media, schemas.Media),
    (types.Progress, schemas.Progress),
    (types.Segment, schemas.Segment),
    (types.Boundary, schemas.Boundary),
    (types.Sound, schemas.Sound),
    (types.Picture, schemas.Picture),
    (types.Heard, schemas.Heard),
    (types.Signals, schemas.Signals),
    (types.Curve, schemas.Curve),
    (types.Fetch, schemas.Fetched),
    (types.Links, schemas_access.Links),
    (types.Revision, schemas_revisions.Revision),
    (types.Preview, schemas_revisions.Preview),
    (types.Comparison, schemas_revisions.Comparison),
    (types.Mark, schemas_revisions.Mark),
    (types.Change, schemas_revisions.Change),
    (types.Clips, schemas_clips.ClipsWithFiles),
    (types.ClipsProgress, schemas_clips.ClipProgress),
    (types.ClipFile, schemas_clips.ClipDocument),
    (types.Webhook, schemas_imports.WebhookDocument),
    (types.MadeWebhook, schemas_imports.MadeWebhook),
    (types.Delivery, schemas_imports.DeliveryDocument),
    (types.BatchItem, schemas_imports.BatchOutcome),
]


@pytest.mark.parametrize(("told", "sent"), PAIRS, ids=lambda one: one.__name__)
def test_a_type_has_the_keys_of_its_schema(told: Any, sent: Any) -> None:
    assert set(get_type_hints(told)) == set(sent.model_json_schema(by_alias=True)["properties"])
