/** Searches a list of segments that is sorted by start time. Pure functions. */

/**
 * A media element rounds times to its own clock. A time that lies less than this before a segment's start still
 * counts as inside that segment.
 */
const CLOCK_TOLERANCE_S = 5e-4;

/**
 * Binary search for the last segment that starts at `timeS` or before.
 * @returns {number} its index; -1 for an empty list or a time before the first segment
 */
export function indexAt(segments, timeS) {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (segments[middle].start_s <= timeS + CLOCK_TOLERANCE_S) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The same, and -1 also behind the last segment's end: only a part of a video may be segmented. */
export function coveringIndex(segments, timeS) {
  const index = indexAt(segments, timeS);
  return index >= 0 && timeS <= segments[index].end_s + CLOCK_TOLERANCE_S ? index : -1;
}

/** The first segment that starts after `timeS`, or null. */
export function nextBoundary(segments, timeS) {
  return segments[indexAt(segments, timeS) + 1] ?? null;
}

/**
 * The target of "previous", as on other players: the segment at `timeS`, or the one before it when that segment
 * started less than `graceS` ago. Null without segments.
 */
export function previousBoundary(segments, timeS, graceS) {
  const index = indexAt(segments, timeS);
  if (index < 0) return null;
  if (timeS - segments[index].start_s > graceS || index === 0) return segments[index];
  return segments[index - 1];
}
