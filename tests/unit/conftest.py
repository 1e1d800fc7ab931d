"""Fixtures of the tests that need no server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from actors.segmentation.networks.models import Models


@pytest.fixture(scope="module")
def models() -> Iterator[Models]:
    """The real networks on one thread; the process's number of threads is put back."""
    before = torch.get_num_threads()
    yield Models.load(threads=1)
    torch.set_num_threads(before)
