/** Steps from frame to frame. Pure functions. */

/**
 * Share of a frame before its start from which a time still counts as in it: a media element rounds to microseconds,
 * and a container may round to milliseconds.
 */
const EARLY_FRAMES = 0.05;

/** Number of the frame that is shown at `timeS`, at a constant rate from the first frame's start on. */
export function frameAt(timeS, startS, fps) {
  return Math.max(0, Math.floor((timeS - startS) * fps + EARLY_FRAMES));
}

/**
 * The time to show the frame that is so many after (negative: before) the one at `timeS`; never before the first.
 * @param {number} timeS
 * @param {{startS: number, fps: number, variable: boolean}} clock when the first frame starts, frames a second, and
 *   whether that is only their mean: then there is no grid to go back to, and the step is as long as a mean frame
 * @param {number} frames
 */
export function stepFrames(timeS, { startS, fps, variable }, frames) {
  if (variable) return Math.max(startS, timeS + frames / fps);
  return startS + Math.max(0, frameAt(timeS, startS, fps) + frames) / fps;
}
