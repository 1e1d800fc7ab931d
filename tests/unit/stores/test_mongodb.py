"""MongoDB's errors in our words: being let in or not is no programming error."""

from __future__ import annotations

import pytest
from pymongo.errors import OperationFailure

from cluster.errors import UnavailableError
from cluster.stores.mongodb.connection import translated_errors


@pytest.mark.parametrize(
    ("code", "told"), [(18, "Authentication failed."), (13, "find requires authentication")]
)
def test_a_user_who_is_not_let_in(code: int, told: str) -> None:
    with pytest.raises(UnavailableError, match="Check user, password") as raised, translated_errors():
        raise OperationFailure(f"{told}, full error: {{'ok': 0.0}}", code)

    assert told in raised.value.message
    assert "full error" not in raised.value.message


def test_other_refusals_are_faults_of_ours() -> None:
    with pytest.raises(OperationFailure), translated_errors():
        raise OperationFailure("unknown operator: $nonsense", 2)
