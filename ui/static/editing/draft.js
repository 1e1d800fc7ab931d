/**
 * The draft of a corrected result: where the segments of each level start. A segment ends where the next one starts,
 * so segments tile the video by construction. A draft is never changed: each operation of steps.js returns a new one,
 * which shares what stays the same. Pure: knows no element of the page and no request.
 *
 * Two invariants hold in every draft: the starts of a level ascend, and each start of a level is one of the next
 * finer level as well.
 *
 * @typedef {object} Start
 * @property {number} frame the first frame of the segment
 * @property {string} kind kind of the boundary
 * @property {number} fromFrame first frame of the transition; equal to `frame` for a cut
 * @property {number} toFrame last frame of the transition
 * @property {number} confidence 0 to 1
 * @property {boolean} locked placed or confirmed by hand: later fusions keep it
 * @property {string} title name of the segment; empty without one
 * @property {boolean} named whether the title was given by hand
 * @property {string | null} titleSource what an automatic title was taken from
 *
 * @typedef {object} Draft
 * @property {string[]} levels those that the video has, from fine to coarse
 * @property {number} endFrame one past the last frame
 * @property {{[level: string]: readonly Start[]}} starts
 */
import { LEVELS } from "../video/names.js";

/** From shots to chapters. */
export const FINE_TO_COARSE = [...LEVELS].reverse();

/** What the API says of a title that was given by hand. */
export const BY_HAND = "human";

/**
 * The draft that equals a result.
 * @param {{[level: string]: any[]}} segments the API's segments of all levels; a video without a picture has no shots
 * @param {FrameClock} clock
 * @returns {Draft}
 */
export function draftOf(segments, clock) {
  const levels = FINE_TO_COARSE.filter((level) => segments[level].length > 0);
  const finest = segments[levels[0]];
  return makeDraft({
    levels: Object.freeze(levels),
    endFrame: finest[finest.length - 1].end_frame,
    starts: Object.fromEntries(levels.map((level) => [level, segments[level].map((one) => startOf(one, clock))])),
  });
}

/** @returns {Start} */
function startOf(segment, clock) {
  const { start_frame: frame, start_boundary: boundary } = segment;
  const extended = boundary.to_s > boundary.from_s;
  return Object.freeze({
    frame,
    kind: boundary.kind,
    fromFrame: extended ? Math.min(frame, clock.nearestFrame(boundary.from_s)) : frame,
    toFrame: extended ? Math.max(frame, clock.nearestFrame(boundary.to_s)) : frame,
    confidence: boundary.confidence,
    locked: boundary.locked === true,
    title: segment.title ?? "",
    named: segment.title_source === BY_HAND,
    titleSource: segment.title_source ?? null,
  });
}

/**
 * A frozen draft of these parts.
 * @param {Draft} parts
 * @returns {Draft}
 */
export function makeDraft({ levels, endFrame, starts }) {
  for (const list of Object.values(starts)) Object.freeze(list);
  return Object.freeze({ levels, endFrame, starts: Object.freeze(starts) });
}

/** The draft with other starts at some levels. */
export const withStarts = (draft, starts) => makeDraft({ ...draft, starts: { ...draft.starts, ...starts } });

/** The levels finer than this one, the next first, and those that are coarser. */
export const finerThan = (draft, level) => draft.levels.slice(0, draft.levels.indexOf(level)).reverse();
export const coarserThan = (draft, level) => draft.levels.slice(draft.levels.indexOf(level) + 1);

/** Index of the last start of a level at or before `frame`. */
export function placeAt(draft, level, frame) {
  const starts = draft.starts[level];
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle].frame <= frame) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * The start of a level at exactly this frame, or null.
 * @returns {Start | null}
 */
export function startAt(draft, level, frame) {
  const start = draft.starts[level]?.[placeAt(draft, level, frame)];
  return start?.frame === frame ? start : null;
}

/** Whether this frame is where the video starts: that start is neither moved nor taken away. */
export const isFirst = (draft, frame) => frame === draft.starts[draft.levels[0]][0].frame;

/**
 * The frames to which a start may be moved: each level's segments keep at least one frame.
 * @returns {[number, number]} first and last of them
 */
export function reachOf(draft, level, frame) {
  const starts = draft.starts[level];
  const place = placeAt(draft, level, frame);
  return [starts[place - 1].frame + 1, (starts[place + 1]?.frame ?? draft.endFrame) - 1];
}

/** The starts of a level whose segments are chosen and follow a chosen one: taken away, the chosen become one. */
export function seamsOf(draft, level, frames) {
  const chosen = new Set(frames);
  return draft.starts[level].filter(({ frame }, place, all) => place > 0 && chosen.has(frame)
    && chosen.has(all[place - 1].frame)).map(({ frame }) => frame);
}
