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
 * @param {{start_s: number, start_frame: number, start_boundary: {from_s: number, to_s: number} | null}} segment
 * @param {number} fps frames a second
 * @returns {{timeS: number, frame: number, side: "before" | "after"}[]} a time in the middle of each frame, which
 *   no rounding leads out of; fewer where the video begins
 */
export function framesAround({ start_s: startS, start_frame: startFrame, start_boundary: boundary }, fps) {
  // The extent is told in seconds: rounding to frames of the boundary's own number leaves no half ones.
  const framesTo = (seconds) => Math.round((seconds - startS) * fps);
  const first = boundary ? Math.min(0, framesTo(boundary.from_s)) : 0;
  const last = boundary ? Math.max(0, framesTo(boundary.to_s)) : 0;
  return [[first - 2, "before"], [first - 1, "before"], [last, "after"], [last + 1, "after"]]
    .filter(([offset]) => startFrame + offset >= 0)
    .map(([offset, side]) => ({ timeS: startS + (offset + 0.5) / fps, frame: startFrame + offset, side }));
}
