"""In which order the tests run, and how pytest-xdist shares them out among its processes (`--dist loadfile`).

A file's tests stay together, since they share servers and actors; so do the files that use the whole stack,
which takes half a minute to start. What waits most (for servers, processes, nodes) comes first and what
computes comes last: then no process is left alone with minutes of waiting at the end. One process begins with
what computes: three clusters at once on two cores take so long to start that what waits for them gives up.
Knows folders and files, not how long anything takes.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

USE_THE_WHOLE_STACK = (
    "tests/browser/test_page_drafts.py",
    "tests/browser/test_page_editing.py",
    "tests/browser/test_page_prefix.py",
    "tests/browser/test_page_replicas.py",
    "tests/browser/test_page_tools.py",
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
    "tests/integration/api/test_clips.py",
    "tests/browser/",
    "tests/integration/",
    "tests/",
)
COMPUTING = ORDER.index("tests/browser/")
"""From this place on, tests have no cluster of their own."""
WHOLE_STACK = "the whole stack"
"""Name of the unit of work that all files with that stack are."""


def in_order(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """The same tests; those of one place in ORDER as they were."""
    return sorted(items, key=lambda item: _place(item.nodeid))


def _place(nodeid: str) -> int:
    """Index into ORDER; nodeid: of a test, of a file, or WHOLE_STACK, which is first."""
    if nodeid == WHOLE_STACK:
        return 0
    return next((place for place, begins in enumerate(ORDER) if nodeid.startswith(begins)), len(ORDER))


class InOrder(LoadFileScheduling):
    """Gives the next file to whichever process is free, in the order in which the tests were collected."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # xdist would take the files with most tests first

    def _split_scope(self, nodeid: str) -> str:
        """What is run by one process: a file, or all files that use the whole stack."""
        file = super()._split_scope(nodeid)
        return WHOLE_STACK if file in USE_THE_WHOLE_STACK else file

    def _assign_work_unit(self, node: WorkerController) -> None:
        """The first unit that is left; for the last of three processes or more, the first that computes."""
        if node is self.nodes[-1] and len(self.nodes) > 2:
            computing = next((scope for scope in self.workqueue if _place(scope) >= COMPUTING), None)
            if computing is not None:
                self.workqueue.move_to_end(computing, last=False)
        super()._assign_work_unit(node)
