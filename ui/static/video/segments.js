/** Finding things in lists of segments that are sorted by time. Pure. */

/** Half a millisecond: a time that a player rounded to its own clock still belongs to its segment. */
const CLOCK_TOLERANCE_S = 5e-4;

/**
 * Index of the segment that `time` lies in, of segments in time order.
 * @returns {number} -1 for an empty list or a time before the first
 */
export function indexAt(segments, time) {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (segments[middle].start_s <= time + CLOCK_TOLERANCE_S) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The segment that starts next after `time`, or null. */
export function nextBoundary(segments, time) {
  return segments[indexAt(segments, time) + 1] ?? null;
}

/**
 * Where "previous" leads: to the start of the segment being played, or, within its first moments, to the one
 * before, as on every player.
 */
export function previousBoundary(segments, time, graceS = 0.5) {
  const index = indexAt(segments, time);
  if (index < 0) return null;
  if (time - segments[index].start_s > graceS || index === 0) return segments[index];
  return segments[index - 1];
}
