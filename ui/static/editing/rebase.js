/**
 * Does the steps of a draft again on another base: the result that somebody else has saved meanwhile, or the same one
 * after a reload. Pure: who is asked about the steps that do not apply is not known here.
 */
import { EditError } from "./steps.js";
import { begin, perform } from "./history.js";

/** Codes of an `EditError` by which the new base has already what the step was to make. */
const DONE_ALREADY = { split: "there", join: "gone" };

/**
 * @param {Draft} base
 * @param {Step[]} steps
 * @returns {{history: History, refused: {step: Step, reason: string}[]}}
 *   the history of the steps that apply, and the others; steps that the base has already are in neither
 */
export function rebase(base, steps) {
  let history = begin(base);
  const refused = [];
  for (const step of steps) {
    try {
      history = perform(history, step);
    } catch (error) {
      if (!(error instanceof EditError)) throw error;
      if (error.code !== DONE_ALREADY[step.op] && !movedAlready(history, step)) {
        refused.push({ step, reason: error.message });
      }
    }
  }
  return { history, refused };
}

/** Whether a start that is gone stands already where the step would move it. */
function movedAlready({ base }, step) {
  return step.op === "move" && (base.starts[step.level] ?? []).some(({ frame }) => frame === step.to);
}
