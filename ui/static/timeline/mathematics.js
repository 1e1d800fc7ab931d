/**
 * Mathematics of the timeline. Pure functions: they know no element of the page, no video and no pointer.
 *
 * A view is {factor, scrollPx}: how many times wider than the visible part the whole timeline is drawn, and where the
 * left edge of the visible part lies on it. Bounds are {viewPx, largestFactor}: the width of the visible part, and
 * the closest zoom; factor 1 shows the whole video.
 *
 * @typedef {{factor: number, scrollPx: number}} View
 * @typedef {{viewPx: number, largestFactor: number}} Bounds
 */

export const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

/**
 * The nearest view that shows nothing outside of the video.
 * @param {View} view
 * @param {Bounds} bounds
 * @returns {View}
 */
export function clampView({ factor, scrollPx }, { viewPx, largestFactor }) {
  const kept = clamp(factor, 1, Math.max(1, largestFactor));
  return { factor: kept, scrollPx: clamp(scrollPx, 0, viewPx * (kept - 1)) };
}

/**
 * Zoom so that what is under the pointer stays there.
 * @param {View} view
 * @param {Bounds} bounds
 * @param {number} factor the wanted one
 * @param {number} anchorPx the pointer, from the left edge of the visible part
 * @returns {View}
 */
export function zoomAt(view, bounds, factor, anchorPx) {
  const wanted = clamp(factor, 1, Math.max(1, bounds.largestFactor));
  const scrollPx = (view.scrollPx + anchorPx) * (wanted / view.factor) - anchorPx;
  return clampView({ factor: wanted, scrollPx }, bounds);
}

/**
 * Move what is shown with the pointer.
 * @param {number} movedPx how far the pointer has moved to the right since `view` was shown
 * @returns {View}
 */
export function panBy(view, bounds, movedPx) {
  return clampView({ factor: view.factor, scrollPx: view.scrollPx - movedPx }, bounds);
}

/**
 * Zoom and move so that what lay under the middle of two fingers lies under their middle again.
 * @param {View} view what was shown when both fingers had come down
 * @param {[number, number]} from where they came down, in px from the left edge of the visible part
 * @param {[number, number]} to where they are
 * @param {number} leastPx fingers nearer than this count as so far apart: their distance divides
 * @returns {View}
 */
export function pinch(view, bounds, from, to, leastPx) {
  const apart = ([one, other]) => Math.max(leastPx, Math.abs(other - one));
  const middle = ([one, other]) => (one + other) / 2;
  const zoomed = clamp((view.factor * apart(to)) / apart(from), 1, Math.max(1, bounds.largestFactor));
  const scrollPx = (view.scrollPx + middle(from)) * (zoomed / view.factor) - middle(to);
  return clampView({ factor: zoomed, scrollPx }, bounds);
}

/**
 * The visible part as shares (0 to 1) of the whole.
 * @returns {{left: number, width: number}}
 */
export function visibleShare({ factor, scrollPx }, { viewPx }) {
  return { left: scrollPx / (viewPx * factor), width: 1 / factor };
}

/**
 * The view whose middle lies at a share of the whole.
 * @param {number} share 0 to 1
 * @returns {View}
 */
export function centreOn(view, bounds, share) {
  return clampView({ factor: view.factor, scrollPx: bounds.viewPx * (share * view.factor - 0.5) }, bounds);
}

/**
 * Index of the segment whose start lies nearest to `timeS`, and not farther than `withinS`; -1: none. The first
 * segment counts only if `first` is true: a video begins there, nobody has found it.
 * @param {{start_s: number}[]} segments in order of time
 */
export function nearestBoundary(segments, timeS, withinS, first = false) {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (segments[middle].start_s <= timeS) low = middle + 1;
    else high = middle;
  }
  let best = -1;
  let bestS = withinS;
  for (const index of [low - 1, low]) {
    if (index < (first ? 0 : 1) || index >= segments.length) continue;
    const distanceS = Math.abs(segments[index].start_s - timeS);
    if (distanceS <= bestS) {
      best = index;
      bestS = distanceS;
    }
  }
  return best;
}

/** A boundary that could be hit only within less than this is not meant by a click. */
const LEAST_REACH_PX = 1.5;

/**
 * How far from a boundary a click still means it. Between two near boundaries most of the room is left to the segment.
 * @param {number} reachPx for the kind of pointer
 * @param {number} pxPerS scale
 * @param {{start_s: number, end_s: number}} segment the one that is under the pointer
 * @returns {number} seconds; negative where no boundary can be meant
 */
export function boundaryReachS(reachPx, pxPerS, { start_s: startS, end_s: endS }) {
  const reachS = Math.min(reachPx / pxPerS, (endS - startS) / 4);
  return reachS * pxPerS < LEAST_REACH_PX ? -1 : reachS;
}
