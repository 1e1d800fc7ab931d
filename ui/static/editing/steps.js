/**
 * The operations on a draft. A step is data ({op, level, frame, …}), so it can be stored, done again on another
 * revision, and told to a person. `apply` does it: a new draft, or an `EditError` that says why not. Pure.
 *
 * Levels follow each other. What is added at a level is added at the finer ones; what is taken away is taken away at
 * the coarser ones; a start that moves takes the same start of the other levels along.
 *
 * @typedef {{op: "split", level: string, frame: number}
 *   | {op: "move", level: string, frame: number, to: number}
 *   | {op: "join", level: string, frames: number[]}
 *   | {op: "name", level: string, frame: number, title: string}
 *   | {op: "confirm" | "release", level: string, frame: number}} Step
 */
import { LEVEL_NAMES } from "../video/names.js";
import { coarserThan, finerThan, isFirst, reachOf, startAt, withStarts } from "./draft.js";

/** The longest title that the API takes. */
export const TITLE_LENGTH = 200;

/** Why a step cannot be done. `there` and `gone`: what it would make or needs is, or is not, in the draft already. */
export class EditError extends Error {
  /** @param {"there" | "gone" | "first" | "reach" | "unnamed"} code */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

const gone = () => new EditError("gone", "There is no boundary there any more.");
const first = () => new EditError("first", "The video starts there: this boundary stays.");

const OPERATIONS = { split, move, join, name, confirm: lock, release };

/**
 * Do a step.
 * @param {Draft} draft
 * @param {Step} step
 * @returns {Draft} the same one where the step changes nothing
 */
export function apply(draft, step) {
  if (!draft.levels.includes(step.level)) throw gone();
  return OPERATIONS[step.op](draft, step);
}

/** Whether stored data has the form of a step. */
export function isStep(step) {
  const whole = (...numbers) => numbers.every(Number.isInteger);
  if (typeof step !== "object" || step === null || !(step.level in LEVEL_NAMES)) return false;
  if (step.op === "join") return Array.isArray(step.frames) && whole(...step.frames);
  if (!Object.hasOwn(OPERATIONS, step.op) || !whole(step.frame)) return false;
  return step.op === "move" ? whole(step.to) : step.op !== "name" || typeof step.title === "string";
}

/** A step as a sentence for people; `timeOf` makes the text of a frame's time. */
export function labelOf(step, timeOf) {
  const what = LEVEL_NAMES[step.level].toLowerCase().slice(0, -1);
  if (step.op === "join") {
    const { frames } = step;
    return frames.length > 1 ? `Join ${frames.length + 1} ${what}s`
      : `Join the ${what} at ${timeOf(frames[0])} with the one before`;
  }
  const at = timeOf(step.frame);
  return {
    split: () => `Start a ${what} at ${at}`,
    move: () => `Move the ${what}’s start from ${at} to ${timeOf(step.to)}`,
    name: () => (step.title ? `Name the ${what} at ${at} “${step.title}”` : `Remove the ${what}’s name at ${at}`),
    confirm: () => `Confirm the ${what}’s start at ${at}`,
    release: () => `Take the confirmation at ${at} back`,
  }[step.op]();
}

/** The list of starts with one more, in order. */
function added(starts, start) {
  const after = starts.findIndex(({ frame }) => frame > start.frame);
  const place = after < 0 ? starts.length : after;
  return [...starts.slice(0, place), start, ...starts.slice(place)];
}

/** The list with the start at a frame replaced by what `change` makes of it. */
function changed(starts, frame, change) {
  return starts.map((start) => (start.frame === frame ? Object.freeze({ ...start, ...change(start) }) : start));
}

/** A start that a person has set: at one instant, certain, and kept. */
function placed(frame, kind) {
  return Object.freeze({ frame, kind, fromFrame: frame, toFrame: frame, confidence: 1, locked: true, title: "",
    named: false, titleSource: null });
}

/** How a boundary begins that is set by hand where there was none: a cut, or a change that is only heard. */
const kindByHand = (draft) => (draft.levels.includes("shot") ? "cut" : "audio");

function split(draft, { level, frame }) {
  if (frame <= draft.starts[level][0].frame || frame >= draft.endFrame) {
    throw new EditError("reach", "A segment can only be split after its first frame and before the video’s end.");
  }
  if (startAt(draft, level, frame)) throw new EditError("there", "There is a boundary at this frame already.");
  const finer = finerThan(draft, level);
  const boundary = boundaryAt(draft, finer, frame);
  const missing = [level, ...finer].filter((each) => !startAt(draft, each, frame));
  return withStarts(draft, Object.fromEntries(missing.map((each) => [each, added(draft.starts[each], boundary)])));
}

/** Set the boundary to another frame: a gradual transition keeps its length, as far as the video reaches. */
function shifted(start, to, draft) {
  const lowest = draft.starts[draft.levels[0]][0].frame;
  return Object.freeze({ ...start, frame: to, confidence: 1, locked: true,
    fromFrame: Math.max(lowest, start.fromFrame + to - start.frame),
    toFrame: Math.min(draft.endFrame, start.toFrame + to - start.frame) });
}

function move(draft, { level, frame, to }) {
  const start = startAt(draft, level, frame);
  if (!start) throw gone();
  if (isFirst(draft, frame)) throw first();
  if (to === frame) return draft;
  const [lowest, highest] = reachOf(draft, level, frame);
  if (to < lowest || to > highest) throw new EditError("reach", "A boundary cannot be moved past the next one.");
  const finer = finerThan(draft, level);
  // A finer level takes part while the start stays between its own neighbours, and while the level above it does.
  // Else its starts are right where they are, and only a missing one is added.
  const staying = finer.findIndex((each) => {
    const [from, until] = reachOf(draft, each, frame);
    return to < from || to > until;
  });
  const along = staying < 0 ? finer : finer.slice(0, staying);
  const boundary = along.length === finer.length ? null : boundaryAt(draft, finer, to);
  const shift = (moved) => (boundary ? { ...boundary, title: moved.title, named: moved.named,
    titleSource: moved.titleSource } : shifted(moved, to, draft));
  const starts = {};
  for (const each of [level, ...coarserThan(draft, level), ...along]) {
    starts[each] = changed(draft.starts[each], frame, shift);
  }
  for (const each of finer.slice(along.length)) {
    if (!startAt(draft, each, to)) starts[each] = added(draft.starts[each], boundary);
  }
  return withStarts(draft, starts);
}

/** The boundary of a finer level that is at this frame; where there is none, one as a person sets it. */
function boundaryAt(draft, levels, frame) {
  const there = levels.map((each) => startAt(draft, each, frame)).filter(Boolean).pop();
  return there ? Object.freeze({ ...there, confidence: 1, locked: true, title: "", named: false, titleSource: null })
    : placed(frame, kindByHand(draft));
}

/** Take starts away, here and at the coarser levels. A name that was given by hand goes to a segment without one. */
function join(draft, { level, frames }) {
  if (frames.some((frame) => isFirst(draft, frame))) throw first();
  const seams = new Set(frames.filter((frame) => startAt(draft, level, frame)));
  if (seams.size === 0) throw gone();
  const starts = {};
  for (const each of [level, ...coarserThan(draft, level)]) {
    const kept = [];
    for (const start of draft.starts[each]) {
      if (!seams.has(start.frame)) kept.push(start);
      else if (start.named && !kept[kept.length - 1].named) {
        const before = kept[kept.length - 1];
        kept[kept.length - 1] = Object.freeze({ ...before, title: start.title, named: true });
      }
    }
    if (kept.length < draft.starts[each].length) starts[each] = kept;
  }
  return withStarts(draft, starts);
}

function name(draft, { level, frame, title }) {
  const start = startAt(draft, level, frame);
  if (!start) throw gone();
  if (level === "shot") throw new EditError("unnamed", "Shots have no names: name the scene or the chapter.");
  // The API takes no control characters: titles go into files of other programs.
  const text = title.replace(/\p{Cc}+/gu, " ").trim().slice(0, TITLE_LENGTH);
  if (text === start.title && (start.named || !text)) return draft;
  const locked = start.locked || (text !== "" && !isFirst(draft, frame));
  return withStarts(draft, { [level]: changed(draft.starts[level], frame,
    () => ({ title: text, named: text !== "", locked })) });
}

/** A boundary of a level that is right is a right boundary of the finer levels as well. */
function lock(draft, { level, frame }) {
  return setLocked(draft, [level, ...finerThan(draft, level)], level, frame, true);
}

/** Where a fine boundary is not certain, the coarse ones on it are not either. */
function release(draft, { level, frame }) {
  return setLocked(draft, [level, ...coarserThan(draft, level)], level, frame, false);
}

function setLocked(draft, levels, level, frame, locked) {
  if (!startAt(draft, level, frame)) throw gone();
  if (isFirst(draft, frame)) throw first();
  const differing = levels.filter((each) => (startAt(draft, each, frame)?.locked ?? locked) !== locked);
  if (differing.length === 0) return draft;
  return withStarts(draft, Object.fromEntries(differing.map((each) => [each,
    changed(draft.starts[each], frame, () => ({ locked }))])));
}
