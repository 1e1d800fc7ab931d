"""In which order the tests run, and how pytest-xdist shares them out among its processes (`--dist loadfile`).

A file's tests stay together, since they share servers and actors; so do the files that use the whole stack,
which takes half a minute to start. What waits most (for servers, processes, nodes) comes first and what
computes comes last: then no process is left alone with minutes of waiting at the end, and the small files of
the unit tests fill the gaps. Knows folders and files, not how long anything takes.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

USE_THE_WHOLE_STACK = (
    "tests/browser/test_page_drafts.py",
    "tests/browser/test_page_editing.py",
    "tests/browser/test_page_whole.py",
    "tests/faults/test_uploads_faults.py",
    "tests/integration/test_doctor.py",
    "tests/integration/test_whole_path.py",
)
"""Those with the fixture `stack` of tests/conftest.py. One that is missing here starts a stack of its own."""

ORDER = (
    *USE_THE_WHOLE_STACK,
    "tests/faults/",
    "tests/integration/actors/",
    "tests/integration/local/",
    "tests/browser/",
    "tests/integration/",
    "tests/",
)


def in_order(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """The same tests; those of one place in ORDER as they were."""
    return sorted(items, key=lambda item: _place(item.nodeid))


def _place(nodeid: str) -> int:
    return next((place for place, begins in enumerate(ORDER) if nodeid.startswith(begins)), len(ORDER))


class InOrder(LoadFileScheduling):
    """Gives the next file to whichever process is free, in the order in which the tests were collected."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # xdist would take the files with most tests first

    def _split_scope(self, nodeid: str) -> str:
        """What is run by one process: a file, or all files that use the whole stack."""
        file = super()._split_scope(nodeid)
        return "the whole stack" if file in USE_THE_WHOLE_STACK else file
