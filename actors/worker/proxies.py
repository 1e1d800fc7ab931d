"""Task handler for PROXY: encodes a piece of a video's proxy, or joins all of them with the sound.

Reads and stores as the handler of clips does. Knows the stores and the cutting library (`actors.clips`);
imports no Ray, no message queue and nothing of the leases.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from actors.clips import Piece
from actors.clips.proxy import ProxyOptions, encode_piece, join_pieces
from actors.segmentation.planning.plan import Plan
from actors.tasks import Task
from actors.worker.clips import ClipHandler
from actors.worker.media import local_media
from actors.worker.state import WorkState


class ProxyHandler(ClipHandler):
    """Does one step of a proxy at a time.

    `task.clip`: {"video_id", "key" (in the media store)} and either {"start_frame", "end_frame"} of a piece
    to encode, or {"pieces": [[key, first frame], …]} to join; `task.settings`: the fields of `ProxyOptions`.
    The outcome's result: {"bytes", "sha256"}.
    """

    def _written(
        self, source: Path, plan: Plan, task: Task, state: WorkState
    ) -> tuple[Path, dict[str, object]]:
        target = self._fresh_target("mp4")
        if "pieces" not in task.clip:
            encode_piece(
                source,
                plan,
                Piece(int(task.clip["start_frame"]), int(task.clip["end_frame"])),
                ProxyOptions(**task.settings),
                target,
                threads=self._threads,
                limits=self._limits,
                on_frames=state.frames,
                should_stop=state.should_stop,
            )
            return target, {}
        with ExitStack() as held:
            join_pieces(
                source,
                plan,
                self._pieces(task, state, held),
                target,
                limits=self._limits,
                on_frames=state.frames,
                should_stop=state.should_stop,
            )
        return target, {}

    def _pieces(self, task: Task, state: WorkState, held: ExitStack) -> Iterator[tuple[Path, int]]:
        """The pieces as local files, one at a time; `held` ends the last one."""
        for key, first_frame in task.clip["pieces"]:
            held.close()
            path = held.enter_context(local_media(self._media, self._copies, str(key), state))
            yield path, int(first_frame)
