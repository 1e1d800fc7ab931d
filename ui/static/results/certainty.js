/** Orders boundaries by how certain they are. Pure functions. */

/**
 * Index of the least certain boundary of a level; -1 where there is none left.
 * @param {{start_boundary: {confidence: number} | null}[]} segments in order of time; the first begins the video, and
 *   that is certain
 * @param {(segment: any) => boolean} isLooked whether a person has looked at it already
 */
export function leastCertain(segments, isLooked) {
  let best = -1;
  let least = Infinity;
  for (let index = 1; index < segments.length; index += 1) {
    const confidence = segments[index].start_boundary?.confidence;
    if (confidence === undefined || confidence >= least || isLooked(segments[index])) continue;
    best = index;
    least = confidence;
  }
  return best;
}

/**
 * The four frames around a boundary: the last two before the transition and the first two after it.
 * @param {{start_frame: number, start_boundary: {from_s: number, to_s: number} | null}} segment
 * @param {FrameClock} clock
 * @returns {{timeS: number, frame: number, side: "before" | "after"}[]} a time in the middle of each frame, which
 *   no rounding leads out of; fewer where the video begins or ends
 */
export function framesAround({ start_frame: startFrame, start_boundary: boundary }, clock) {
  // The extent is told in seconds, and is one of whole frames.
  const first = boundary ? Math.min(startFrame, clock.nearestFrame(boundary.from_s)) : startFrame;
  const last = boundary ? Math.max(startFrame, clock.nearestFrame(boundary.to_s)) : startFrame;
  return [[first - 2, "before"], [first - 1, "before"], [last, "after"], [last + 1, "after"]]
    .filter(([frame]) => frame >= 0 && frame < clock.endFrame)
    .map(([frame, side]) => ({ timeS: clock.middleOf(frame), frame, side }));
}
