/**
 * The steps done on a draft, and those undone, without limit. A history is never changed: each function returns a new
 * one. Pure: knows no element of the page and no request.
 *
 * @typedef {{step: Step, draft: Draft}} Done a step and what it made
 * @typedef {object} History
 * @property {Draft} base the draft before the first step
 * @property {readonly Done[]} done in the order in which they were done
 * @property {readonly Done[]} undone the next to be done again is the last
 */
import { apply } from "./steps.js";

/** @returns {History} without a step */
export const begin = (base) => Object.freeze({ base, done: [], undone: [] });

/** The draft as it stands. */
export const present = ({ base, done }) => done[done.length - 1]?.draft ?? base;

/** The steps that lead from the base to the draft as it stands. */
export const stepsOf = ({ done }) => done.map(({ step }) => step);

/**
 * Do a step; what was undone before can then not be done again.
 * @param {History} history
 * @param {Step} step
 * @param {{nudge?: boolean}} [options] nudge: a move that goes on where the last one ended becomes one step with it
 * @returns {History} the same one where the step changes nothing
 * @throws {EditError} the step cannot be done
 */
export function perform(history, step, { nudge = false } = {}) {
  const last = history.done[history.done.length - 1]?.step;
  if (nudge && last?.op === "move" && step.op === "move" && last.level === step.level && last.to === step.frame) {
    const before = Object.freeze({ ...history, done: history.done.slice(0, -1), undone: [] });
    return perform(before, { ...step, frame: last.frame });
  }
  const draft = apply(present(history), step);
  if (draft === present(history)) return history;
  return Object.freeze({ base: history.base, done: [...history.done, { step, draft }], undone: [] });
}

/** Take the last step back. */
export function undo({ base, done, undone }) {
  return Object.freeze({ base, done: done.slice(0, -1), undone: [...undone, ...done.slice(-1)] });
}

/** Do the step again that was undone last. */
export function redo({ base, done, undone }) {
  return Object.freeze({ base, done: [...done, ...undone.slice(-1)], undone: undone.slice(0, -1) });
}
