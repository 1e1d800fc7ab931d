/**
 * The segments of a draft, in the form of the API's documents, so that the panels draw a draft as they draw a result.
 * What a draft does not say (sound, picture, still, label) is taken from the segment of the result that covers the
 * most of it; the server measures it when the draft is saved. Pure.
 */
import { BY_HAND, coarserThan, startAt } from "./draft.js";

/**
 * @param {Draft} draft
 * @param {Draft} base the draft of the result
 * @param {{[level: string]: any[]}} segments the result's
 * @param {FrameClock} clock
 * @returns {{chapter: any[], scene: any[], shot: any[]}} documents of the result itself where nothing has changed
 */
export function segmentsOf(draft, base, segments, clock) {
  const shown = { chapter: [], scene: [], shot: [] };
  for (const level of draft.levels) {
    shown[level] = draft.starts[level] === base.starts[level] ? segments[level]
      : levelOf(draft, base, level, segments[level], clock);
  }
  for (const level of draft.levels) numberParents(shown, coarserThan(draft, level)[0], level);
  return shown;
}

function levelOf(draft, base, level, before, clock) {
  const starts = draft.starts[level];
  let at = 0;
  return starts.map((start, index) => {
    const endFrame = starts[index + 1]?.frame ?? draft.endFrame;
    while (at + 1 < before.length && before[at + 1].start_frame <= start.frame) at += 1;
    const there = before[at].start_frame === start.frame ? before[at] : null;
    const unchanged = there && there.end_frame === endFrame && startAt(base, level, start.frame) === start;
    if (unchanged) return there.index === index ? there : { ...there, index };
    return {
      ...coveringMost(before, at, start.frame, endFrame),
      index,
      start_frame: start.frame,
      end_frame: endFrame,
      start_s: there?.start_s ?? clock.timeOf(start.frame),
      end_s: clock.timeOf(endFrame),
      start_boundary: boundaryOf(start, there?.start_boundary, clock),
      title: start.title || null,
      title_source: start.named ? BY_HAND : start.title ? start.titleSource : null,
    };
  });
}

/** The segment, from the one at `at` on, that has the most frames of this range. */
function coveringMost(segments, at, startFrame, endFrame) {
  let best = segments[at];
  let most = -1;
  for (let place = at; place < segments.length && segments[place].start_frame < endFrame; place += 1) {
    const { start_frame: from, end_frame: until } = segments[place];
    const frames = Math.min(until, endFrame) - Math.max(from, startFrame);
    if (frames > most) [best, most] = [segments[place], frames];
  }
  return best;
}

/** The evidence of a boundary stays with its frame; at a new frame nothing was measured. */
function boundaryOf(start, measured, clock) {
  return {
    visual: 0, audio: 0, scene_probability: null, topic: null, ...measured,
    kind: start.kind,
    confidence: start.confidence,
    locked: start.locked,
    from_s: clock.timeOf(start.fromFrame),
    to_s: clock.timeOf(start.toFrame),
  };
}

/** Enter for each segment of a level which segment of the next coarser one it is part of. */
function numberParents(shown, coarser, level) {
  if (!coarser) return;
  let parent = 0;
  shown[level] = shown[level].map((segment) => {
    while (parent + 1 < shown[coarser].length && shown[coarser][parent + 1].start_frame <= segment.start_frame) {
      parent += 1;
    }
    return segment.parent === parent ? segment : { ...segment, parent };
  });
}
