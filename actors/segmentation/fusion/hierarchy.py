"""Finds the scenes among the shots and the chapters among the scenes of one video, from its tracks.

Scenes: the picture's log odds at each shot (`scenes.odds`), the kind of its transition, and the sound around
it and on both sides. Chapters: scenes that look and sound alike are grouped at a larger scale (`levels`);
where the words are known, a change of topic counts, too, and begins a scene where there is none
(`sentences`). Knows tracks and settings; does not know documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from actors.segmentation.fusion.alike import find_alike
from actors.segmentation.fusion.evidence import Moment, audio_evidence, visual_evidence
from actors.segmentation.fusion.levels import CueWeights, GroupingRules, Groups, Pairs, group_units
from actors.segmentation.fusion.locations import find_locations, places
from actors.segmentation.fusion.measured import WholeSound
from actors.segmentation.fusion.scenes.boundaries import SENSITIVITY_SPAN, find_scenes
from actors.segmentation.fusion.scenes.odds import SceneWeights
from actors.segmentation.fusion.sound_at_cuts import sound_at_cuts
from actors.segmentation.fusion.sounds import Sounds, find_sounds
from actors.segmentation.fusion.weights import FusionWeights
from actors.segmentation.fusion.words.headings import heading_evidence
from actors.segmentation.fusion.words.sentences import TOPIC_EVEN, topic_evidence
from actors.segmentation.headings import Headings
from actors.segmentation.settings import FusionSettings
from actors.segmentation.spoken import Spoken
from actors.segmentation.timebase import FrameClock
from actors.segmentation.tracks import FrameTrack, KeyframeTrack

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CHAPTER_BIAS = -7.5
"""Log odds of a chapter boundary at a scene before any evidence, at neutral sensitivity. No labelled film has
chapters: it was set by hand, to about the strongest evidence that both cues give together."""
CHAPTER_REACH = 0.25
"""Share of a chapter's usual length: so far apart, a pair of scenes says a third of what neighbours say about
being together. Set by hand."""
RECORDING_S = 60.0, 240.0
"""Seconds of a take up to which it is one scene, and from which it is a recording (a lecture, an interview)
that only its sound divides; between them evenly, by the logarithm. Set by hand."""
RECORDING = 2.0
"""Log odds added, in a take that is a recording, for a scene that begins at a break of its sound. Set by
hand: a full change of sound between two pauses then makes a scene."""
TOPIC_ALONE = 4.0
"""Log odds of a chapter by the words from which a topic may begin one where no scene begins. Set by hand: a
change that is as likely as not has as much at neutral weight, and none has at a weight of 0.2."""
PLACE_YIELDS = 0.75
"""Share by which the places that chapters have in common count less at full weight of topics: two cameras of
a talk show the same two places in all of its chapters. Set by hand."""
SLIDES_YIELD = 2.0
"""... and by which they do where headings are shown, up to all: slides of one lecture look alike, whatever
they are about, so at the neutral weight of 0.5 they are no place at all. Set by hand."""


@dataclass(frozen=True, slots=True)
class Found:
    """A scene or chapter starts at a moment. confidence: 0..1. picture, sound: each cue's log odds for it."""

    moment: Moment
    confidence: float
    picture: float
    sound: float


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """scenes, chapters: in order, without the first of each. probability: that a scene begins, 0..1, at each
    of the moments."""

    scenes: tuple[Found, ...]
    chapters: tuple[Found, ...]
    probability: tuple[float, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Hierarchies:
    """What is grouped: the frames `part` of one video. has_picture: False for sound alone. spoken: what is
    known of the words, headings: of those on screen; None: nothing, or it does not count."""

    clock: FrameClock
    part: range
    frames: FrameTrack
    keyframes: KeyframeTrack
    sound: WholeSound
    has_picture: bool
    settings: FusionSettings
    weights: FusionWeights
    scene_weights: SceneWeights
    spoken: Spoken | None = None
    headings: Headings | None = None

    def __repr__(self) -> str:
        return f"Hierarchies(frames {self.part.start}..{self.part.stop - 1})"

    def of(self, moments: list[Moment], topics: list[Moment]) -> Hierarchy:
        """Scene starts among the moments; chapter starts among the scenes', and where the topic changes: at a
        moment that begins no scene, or in the middle of a take (`topics`). A scene begins there then, too."""
        s = self.settings
        scenes: tuple[Found, ...] = ()
        probability: tuple[float, ...] = ()
        if moments:
            visual = self._picture(moments)
            scenes, probability = self._scenes(moments, visual, s.scenes)
            if s.scenes is None and s.chapters is not None and s.chapters > len(scenes) + 1:
                scenes, _ = self._scenes(moments, visual, s.chapters)  # each chapter begins with a scene
        more = self._topic_starts([*moments, *topics], scenes) if s.scenes is None else []
        candidates = sorted([*(one.moment for one in scenes), *more], key=lambda moment: moment.frame)
        chapters = self._chapters(candidates)
        begun = {moment.frame for moment in more}
        scenes = (*scenes, *(one for one in chapters if one.moment.frame in begun))
        return Hierarchy(tuple(sorted(scenes, key=lambda one: one.moment.frame)), chapters, probability)

    def _topic_starts(self, moments: list[Moment], scenes: tuple[Found, ...]) -> list[Moment]:
        """Moments inside scenes at which a topic may begin, so that both parts are long enough for scenes."""
        edges_s = self._times_s([self.part.start, *(one.moment.frame for one in scenes), self.part.stop])
        enough = self._topics(moments) >= TOPIC_ALONE
        apart_s = [np.abs(edges_s - moment.time_s).min() for moment in moments]
        return [
            moment
            for moment, says, distance_s in zip(moments, enough.tolist(), apart_s, strict=True)
            if says and distance_s >= self.settings.min_scene_s
        ]

    def _yielding(self) -> FusionWeights:
        """The weights, with less for places where topics are told apart."""
        share, weight = 1.0, self.settings.topic_weight
        if self.spoken is not None and len(self.spoken.topics):
            share -= PLACE_YIELDS * weight
        if self.headings is not None:
            start_s, end_s = self._times_s([self.part.start, self.part.stop])
            share -= min(1.0, SLIDES_YIELD * weight) * self.headings.share_of(float(start_s), float(end_s))
        share = max(0.0, share)
        return replace(self.weights, picture_pairs=share * self.weights.picture_pairs)

    def _topics(self, moments: list[Moment]) -> Floats:
        """float64 (m,): log odds of a chapter by what is said and shown."""
        says = topic_evidence(moments, self.spoken) + heading_evidence(moments, self.headings)
        return self.settings.topic_weight * says

    def _picture(self, moments: list[Moment]) -> Floats:
        """float64 (m,): what the picture says at each moment beyond what is usual at a cut."""
        out, usual = visual_evidence(moments, self.weights), self.scene_weights.usual
        shots = [k for k, moment in enumerate(moments) if moment.transition]
        bounds = self._bounds([moments[k] for k in shots])
        breaks = [k for k, moment in enumerate(moments) if not moment.transition]
        # a take that goes on is no cut, of which `usual` is what is usual
        out[breaks] += self._recording([moments[k] for k in breaks], bounds) - usual
        if not shots or not self.has_picture:
            return out
        embeddings, colours = places(self.frames, self.keyframes, bounds)
        cosines = self.weights.unlike_embedding, self.weights.same_embedding
        alike = find_alike(embeddings, colours, cosines if len(self.keyframes) else None)
        out[shots] += self.scene_weights.log_odds(alike, np.diff(self._times_s(bounds)))[1:] - usual
        return out

    def _recording(self, breaks: list[Moment], bounds: Ints) -> Floats:
        """float64 (b,): log odds of scenes at breaks of which the takes, from bound to bound, are long."""
        take = np.searchsorted(bounds, [moment.frame for moment in breaks], "right")
        lasts_s = np.diff(self._times_s(bounds))[take - 1]
        low, high = np.log(RECORDING_S)
        out: Floats = RECORDING * np.clip((np.log(lasts_s) - low) / (high - low), 0.0, 1.0)
        return out

    def _heard(self, moments: list[Moment], visual: Floats) -> Floats:
        """float64 (m,): what the sound says at each moment; at a cut, as far as the picture counts, by how
        the two go together."""
        out, share = audio_evidence(moments, self.sound.changes, self.weights), self._cues.picture
        if share > 0 and self.sound.changes is not None:
            cut = np.array([moment.transition is not None for moment in moments])
            judged = sound_at_cuts(out[cut], visual[cut] + self.scene_weights.usual, self.weights)
            out[cut] = share * judged + (1.0 - share) * out[cut]
        return out

    def _scenes(
        self, moments: list[Moment], visual: Floats, count: int | None
    ) -> tuple[tuple[Found, ...], tuple[float, ...]]:
        times_s = self._times_s(self._bounds(moments))
        found = find_scenes(
            times_s,
            np.concatenate([[0.0], visual]),
            np.concatenate([[0.0], self._heard(moments, visual)]),
            self.scene_weights.usual,
            self._sounds(times_s) if self._cues.picture < 1 else None,  # pairs of sounds do not count then
            self.settings,
            self._cues,
            self.weights,
            count,
        )
        return _found(moments, found.groups), tuple(found.probability[1:].tolist())

    def _chapters(self, moments: list[Moment]) -> tuple[Found, ...]:
        if not moments:
            return ()
        s, weights = self.settings, self.weights
        bounds = self._bounds(moments)
        times_s = self._times_s(bounds)
        middles_s = 0.5 * (times_s[1:] + times_s[:-1])
        locations = find_locations(self.frames, self.keyframes, bounds, middles_s, weights)
        pairs = Pairs(
            times_s,
            CHAPTER_REACH * s.chapter_length_s,
            (locations, np.cumsum([0, *(m.transition is not None for m in moments)])),
            self._sounds(times_s),
            self._cues,
            self._yielding(),
        )
        rules = GroupingRules(
            bias=CHAPTER_BIAS,
            wanted=SENSITIVITY_SPAN * (s.chapter_sensitivity - 0.5),
            usual_s=s.chapter_length_s,
            shortest_s=s.min_chapter_s,
            count=s.chapters,
        )
        words = np.concatenate([[0.0], self._topics(moments)])
        visual = np.concatenate([[0.0], visual_evidence(moments, weights)])
        audio = np.concatenate([[0.0], audio_evidence(moments, self.sound.changes, weights)])
        # that the take and the voice go on is no sign against a change of topic
        against = 1.0 - np.clip(words / TOPIC_EVEN, 0.0, 1.0)
        visual, audio = (np.where(said < 0, said * against, said) for said in (visual, audio))
        return _found(moments, group_units(times_s, pairs, visual, audio, rules, self._cues, words))

    @property
    def _cues(self) -> CueWeights:
        return CueWeights.of(self.settings.audio_weight if self.has_picture else 1.0)

    def _bounds(self, moments: list[Moment]) -> Ints:
        return np.array([self.part.start, *(m.frame for m in moments), self.part.stop], np.int64)

    def _times_s(self, bounds: Sequence[int] | Ints) -> Floats:
        return np.array([self.clock.seconds_of(int(frame)) for frame in bounds])

    def _sounds(self, times_s: Floats) -> Sounds | None:
        track, classes = self.sound.track, self.sound.classes
        if track is None or classes is None:
            return None
        return find_sounds(track, classes, times_s, self.weights)


def _found(moments: list[Moment], groups: Groups) -> tuple[Found, ...]:
    return tuple(
        Found(moments[start - 1], confidence, picture, sound)
        for start, confidence, picture, sound in zip(
            groups.starts, groups.confidence, groups.picture, groups.sound, strict=True
        )
    )
