"""Has proxies of videos made, and finds their files. Knows the stores; no route."""

from __future__ import annotations

from cluster.clips.proxies import OPTIONS, pieces_of
from cluster.contract.vocabulary import INTERACTIVE
from cluster.errors import NotFoundError
from cluster.stores.postgres.clips.job import ClipState
from cluster.stores.postgres.clips.proxies import Proxy
from cluster.stores.postgres.video import Video
from cluster.stores.removal import delete_unread
from serve_app.services import ApiServices
from serve_app.web.problems import Problem


def ask_for_proxy(services: ApiServices, video_id: str) -> Video:
    """Queues the proxy of a video, unless there is one or one is under way; one that failed is made anew.

    Returns the video, which tells how far it is. Raises Problem `not_ready` before the video was segmented,
    and NotFoundError.
    """
    video = services.jobs.get(video_id)
    if video.tracks_hash is None or video.timeline_id is None or video.media is None:
        raise Problem(
            "not_ready",
            f"The video is {video.state.value}; it can be made playable when it has been segmented.",
        )
    left = services.jobs.proxies.ask(
        video_id,
        options=OPTIONS,
        wanted=pieces_of(video.media),
        tracks_hash=video.tracks_hash,
        priority=INTERACTIVE,
        after_failure=True,
    )
    delete_unread(services.media, left)
    return services.jobs.get(video_id)


def ready_proxy(services: ApiServices, video_id: str) -> tuple[Video, Proxy, int]:
    """A video with its proxy that is there, and the size of its file in bytes; counts as a use of it.

    Raises Problem `not_ready` with what to do, and NotFoundError where there is no such video.
    """
    video = services.jobs.get(video_id)
    proxy = services.jobs.proxies.find(video_id)
    if proxy is None or proxy.state is not ClipState.DONE:
        told = "There is none yet" if proxy is None else f"It is {proxy.state.value}"
        raise Problem(
            "not_ready",
            f"{told}. `POST /videos/{video_id}/proxy` has it made; `proxy` of the video tells how far it is.",
        )
    try:
        size = services.media.size(proxy.key)
    except NotFoundError:  # deleted to make room, since the row was read, or lost
        services.jobs.proxies.forget(proxy.id)
        raise Problem(
            "not_ready", f"Its file is gone. `POST /videos/{video_id}/proxy` has it made again."
        ) from None
    services.jobs.proxies.use(video_id)
    return video, proxy, size
