/**
 * How certain a boundary of shots has to be, from their sensitivity, and the other way round. Pure functions; the same
 * as in actors/segmentation/shots/transitions.py.
 */

/** Least and largest threshold, whatever the sensitivity. */
export const MIN_CONFIDENCE = 0.05;
export const MAX_THRESHOLD = 0.98;

/** Step of a sensitivity: of the slider, and of the line on the curve. */
export const STEP = 0.05;

/** Confidence (0 to 1) from which a change of the picture begins a shot. @param {number} sensitivity 0 to 1 */
export const thresholdOf = (sensitivity) => Math.min(Math.max(1 - sensitivity, MIN_CONFIDENCE), MAX_THRESHOLD);

/** The sensitivity, in whole steps, whose threshold is nearest to a height on the curve. @param {number} height 0 to 1 */
export function sensitivityAt(height) {
  const steps = Math.round((1 - Math.min(Math.max(height, 0), 1)) / STEP);
  return Number((steps * STEP).toFixed(2));
}

/** One or several steps more or fewer boundaries. @param {number} sensitivity @param {number} steps positive: more */
export const stepped = (sensitivity, steps) =>
  Number(Math.min(Math.max(Math.round(sensitivity / STEP) + steps, 0) * STEP, 1).toFixed(2));
