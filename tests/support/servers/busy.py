"""An installation in which videos are made and deleted all the time, for what has to hold meanwhile."""

from __future__ import annotations

import threading

from cluster.stores.checking.looking import Stores
from cluster.stores.removal import removal_steps
from tests.support.servers.installation import done, queued

_TURN_WITHIN_S = 120.0


def delete(stores: Stores, video_id: str) -> None:
    """Deletes a video as the API does."""
    video = stores.jobs.get(video_id)
    stores.jobs.delete(video_id)
    for _, step in removal_steps(video, stores.jobs, stores.results, stores.media):
        step()


class Busy:
    """Videos come and go in a thread, until the end of the block; its errors are raised there."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._error: BaseException | None = None
        self._turns = threading.Semaphore(0)

    def __enter__(self) -> Busy:
        self._thread.start()
        self.wait_a_turn()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        assert self._error is None, self._error

    def wait_a_turn(self) -> None:
        """Returns when everything that was begun before has ended."""
        while self._turns.acquire(blocking=False):
            pass
        for _ in range(2):  # the first may have been under way
            assert self._turns.acquire(timeout=_TURN_WITHIN_S)

    def _work(self) -> None:
        try:
            while not self._stop.is_set():
                first, second = done(self._stores, clips=False), queued(self._stores)
                delete(self._stores, first.id)
                delete(self._stores, second.id)
                queued(self._stores)
                done(self._stores, clips=False)
                self._turns.release()
        except BaseException as error:  # raised at the end of the block
            self._error = error
            self._turns.release(2)
