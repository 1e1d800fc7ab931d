"""Documents of the API as a test needs them: segments, transcripts, moments that search found."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

SETTINGS: Json = {
    "preset": "default",
    "shot_sensitivity": 0.5,
    "scene_sensitivity": 0.5,
    "chapter_sensitivity": 0.5,
    "from_s": None,
    "to_s": None,
    "scenes": None,
    "chapters": None,
    "jump_cuts": "split",
}
"""Of a video that was segmented without any wish."""
FRAMES_PER_S = 25
"""Of all segments here."""


def words(
    state: str,
    fraction: float = 0.0,
    sentences: list[Json] | None = None,
    error: str = "",
    shown: list[Json] | None = None,
    revision: int = 1,
) -> Json:
    """The answer of `/transcript`."""
    return {
        "state": state,
        "fraction": fraction,
        "error": {"code": "speech_model_missing", "message": error} if error else None,
        "transcript": {"language": "en", "model": "m", "sentences": sentences} if sentences else None,
        "screen_text": shown,
        "revision": revision,
    }


def moment(video: Json, snippet: str, start_s: float, word: str, **more: Any) -> Json:
    """A moment as search gives it, with one match; `video` is its document."""
    place = snippet.index(word)
    return {
        "video_id": video["id"],
        "filename": video["filename"],
        "segment": {"level": "scene", "index": 0},
        "start_s": start_s,
        "end_s": start_s + 1,
        "source": "speech",
        "snippet": snippet,
        "matches": [[place, place + len(word)]],
        "score": 0.6,
        "ways": ["words"],
        "thumbnail": None,
    } | more


def sentence(text: str, start_s: float, word_s: float = 0.25) -> Json:
    """A sentence whose words follow each other without pauses."""
    times = [start_s + place * word_s for place in range(len(text.split()) + 1)]
    spoken = [
        {"start_s": begin, "end_s": begin + word_s, "text": word, "probability": 0.9}
        for word, begin in zip(text.split(), times, strict=False)
    ]
    return {
        "start_s": start_s,
        "end_s": times[-1],
        "text": text,
        "language": "en",
        "speaker": None,
        "words": spoken,
    }


def frame_times(frames: int, start_s: float = 0.0) -> Json:
    """The answer for the times of the frames, all shown equally long, FRAMES_PER_S a second."""
    step = 12800 // FRAMES_PER_S
    base = {"time_base": [1, 12800], "frames": frames, "first_frame": 0, "first_pts": round(start_s * 12800)}
    return base | {"runs": [[step, frames]], "next_frame": None}


def surer(shots: list[Json], threshold: float) -> list[Json]:
    """The shots that are left where boundaries below a confidence are none."""
    kept: list[Json] = []
    for shot in shots:
        if kept and shot["start_boundary"]["confidence"] < threshold:
            ends = ("end_s", "end_frame", "end_pts")
            kept[-1] = kept[-1] | {end: shot[end] for end in ends}
        else:
            kept.append(shot | {"index": len(kept)})
    return kept


def segment(level: str, index: int, start_s: float, end_s: float, **more: Any) -> Json:
    """A segment with every key of the contract."""
    boundary = {
        "kind": "start" if index == 0 else "cut",
        "confidence": 1.0 if index == 0 else 0.93,
        "visual": 0.0 if index == 0 else 0.97,
        "audio": 0.0 if index == 0 else 0.41,
        "from_s": start_s,
        "to_s": start_s,
        "scene_probability": None if index == 0 else 0.62,
        "topic": None,
    }
    return {
        "level": level,
        "index": index,
        "parent": None,
        "start_s": start_s,
        "end_s": end_s,
        "start_frame": round(start_s * FRAMES_PER_S),
        "end_frame": round(end_s * FRAMES_PER_S),
        "start_pts": round(start_s * 12800),
        "end_pts": round(end_s * 12800),
        "start_boundary": boundary,
        "label": "",
        "audio": {"speech": 0.6, "singing": 0.0, "music": 0.2, "silence": 0.1, "loudness_lufs": -21.5},
        "visual": {"brightness": 0.4, "motion": 0.2, "black": 0.0, "static": 0.1, "tags": []},
        "keyframe_s": (start_s + end_s) / 2,
        "thumbnail": None,
    } | more
