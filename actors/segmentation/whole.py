"""Segments one file in this process: plan, analyse, write down what is said, read what is shown, fuse all of
it and name the segments.

Calls the functions that the actors call in many processes and chunks, so the result is the same. Knows the
library; imports nothing of the cluster, no store, no Ray, and no command line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actors.segmentation.analyse import analyse_chunk
from actors.segmentation.fusion.fuse import fuse
from actors.segmentation.fusion.part import part_of
from actors.segmentation.limits import Limits
from actors.segmentation.networks.loading import ModelsLoading
from actors.segmentation.planning.plan import Plan, build_plan
from actors.segmentation.settings import split, word_settings
from actors.segmentation.timeline import Timeline

if TYPE_CHECKING:
    from actors.segmentation.meaning.encoder import TextEncoder
    from actors.segmentation.networks.models import Models
    from actors.segmentation.planning.plan import Plan
    from actors.segmentation.screen.whole_video import Readers
    from actors.segmentation.screen_text import ScreenText
    from actors.segmentation.speech.recogniser import Recogniser
    from actors.segmentation.tracks import ChunkTracks
    from actors.segmentation.transcript import Transcript


def segment_file(
    path: Path | str,
    settings: Mapping[str, Any] | None = None,
    *,
    models: Models | ModelsLoading | None = None,
    speech_model: Callable[[], Recogniser] | None = None,
    text_readers: Readers | None = None,
    meaning_model: Callable[[], TextEncoder] | None = None,
    limits: Limits | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    on_words: Callable[[int, int], None] | None = None,
    on_pictures: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    keyframe_sink: Callable[[int, bytes], None] | None = None,
) -> Timeline:
    """The timeline of a local video.

    `settings`: flat, as `settings.split` takes it; the document repeats it. `models`: if not given, they are
    loaded on the CPU while decoding begins. `speech_model()`: gives the model that writes down what is said;
    called only if somebody speaks; without it there is no transcript. `text_readers(n)`: gives the networks
    that read text in the picture; called only if there is one; without it nothing is read.
    `meaning_model()`: the one by which topics are told apart in the transcript; called only for one.
    `on_progress(done, total)`: frames. `on_words(done, total)`: windows of speech. `on_pictures(done,
    total)`: those in which text is looked for. `keyframe_sink(frame, webp)`: takes the images of the keyframe
    candidates, among them all thumbnails.

    Raises MediaError when the file cannot be segmented, OSError when it cannot be read, ValueError for
    settings out of range (SettingsError for a part that lies outside of the video), and Cancelled when
    `should_stop()` is true.
    """
    analysis, fusion = split(settings or {})
    words = word_settings(settings or {})
    plan = build_plan(
        path, analysis, limits, ignore=analysis.ignore, decoding=analysis.decoding, should_stop=should_stop
    )
    part_of(plan.index.clock, fusion.from_s, fusion.to_s)  # refused before the work, not after it
    networks = models or ModelsLoading()
    plan = plan.in_one_chunk()

    def report(frames: int) -> None:
        if on_progress is not None:
            on_progress(frames, plan.frames)

    tracks = analyse_chunk(
        path,
        plan,
        0,
        networks,
        on_frames=report,
        should_stop=should_stop,
        keyframe_sink=keyframe_sink,
        limits=limits,
    )
    del networks  # frees their memory, which fusing a long film needs
    transcript = screen_text = None
    if speech_model is not None and words.spoken:
        transcript = _written_down(path, plan, tracks, speech_model, limits, on_words, should_stop)
    if text_readers is not None and words.shown and plan.media.has_picture:
        screen_text = _read(path, plan, tracks, text_readers, limits, on_pictures, should_stop)
    if transcript is not None:
        # in which no sentence is judged where topics do not count
        judge = meaning_model if fusion.topic_weight > 0 else None
        transcript = _with_topics(transcript, judge, should_stop)
    from actors.segmentation.headings import Headings
    from actors.segmentation.naming.names import named
    from actors.segmentation.spoken import Spoken

    heard = None if transcript is None else transcript.to_document()
    read = None if screen_text is None else screen_text.to_document()
    timeline = fuse(
        plan,
        [tracks],
        fusion,
        document_settings=settings,
        spoken=Spoken.of_document(heard),
        headings=Headings.of_document(read),
    )
    segments = named(timeline.segments, heard, read)
    return replace(timeline, transcript=transcript, screen_text=screen_text, segments=segments)


# what is imported where it is used would delay the first decoded frame


def _written_down(
    path: Path | str,
    plan: Plan,
    tracks: ChunkTracks,
    speech_model: Callable[[], Recogniser],
    limits: Limits | None,
    on_words: Callable[[int, int], None] | None,
    should_stop: Callable[[], bool] | None,
) -> Transcript | None:
    """What is said; None where nobody speaks."""
    if tracks.audio is None or not len(tracks.audio):
        return None
    from actors.segmentation.sound.classes import classify
    from actors.segmentation.speech.transcribe import transcribe
    from actors.segmentation.speech.windows import find_speech

    speech = find_speech(tracks.audio, classify(tracks.audio))
    if not speech.windows:
        return None
    return transcribe(
        path, plan, speech, speech_model(), limits=limits, on_windows=on_words, should_stop=should_stop
    )


def _read(
    path: Path | str,
    plan: Plan,
    tracks: ChunkTracks,
    text_readers: Readers,
    limits: Limits | None,
    on_pictures: Callable[[int, int], None] | None,
    should_stop: Callable[[], bool] | None,
) -> ScreenText:
    """What is shown."""
    from actors.segmentation.screen.pictures import find_pictures
    from actors.segmentation.screen.whole_video import read_video

    return read_video(
        path,
        plan,
        find_pictures(plan, tracks.frames),
        text_readers,
        limits=limits,
        on_pictures=on_pictures,
        should_stop=should_stop,
    )


def _with_topics(
    transcript: Transcript,
    meaning_model: Callable[[], TextEncoder] | None,
    should_stop: Callable[[], bool] | None,
) -> Transcript:
    """The transcript, in which the model of meaning, where there is one, has judged where topics begin."""
    from actors.segmentation.topics.judge import FEWEST_SENTENCES, spoken_of, with_topics

    if meaning_model is None or len(transcript.sentences) < FEWEST_SENTENCES:
        return transcript
    return with_topics(transcript, spoken_of(transcript, meaning_model(), should_stop=should_stop))
