/**
 * The part of a long list that is in view. Every row is as high as the others, so the scroll position says which rows
 * are seen; only those, and some around them, are read from the API and become elements. Pure functions.
 */

/** Height of a row in px: styles/library.css has the same. */
export const ROW_PX = 70;

/** Rows before and behind those in view that are there already when somebody scrolls. */
const MARGIN_ROWS = 12;

/** Rows of one request at least, so that a small step needs none. */
const LEAST_ROWS = 60;

/**
 * The rows to draw.
 * @returns {{first: number, count: number}}
 */
export function rowsInView(scrollPx, heightPx, total) {
  const first = Math.max(0, Math.floor(scrollPx / ROW_PX) - MARGIN_ROWS);
  const last = Math.min(total, Math.ceil((scrollPx + heightPx) / ROW_PX) + MARGIN_ROWS);
  return { first: Math.min(first, Math.max(0, total)), count: Math.max(0, last - first) };
}

/**
 * The rows to read for those to draw: at least LEAST_ROWS, with the wanted ones in the middle.
 * @returns {{offset: number, limit: number}}
 */
export function rowsToRead({ first, count }, total) {
  const limit = Math.max(LEAST_ROWS, count);
  const offset = Math.max(0, Math.min(first - Math.floor((limit - count) / 2), total - limit));
  return { offset, limit };
}

/** Whether rows that were read hold all of those to draw. */
export function holds(offset, length, { first, count }) {
  return first >= offset && first + count <= offset + length;
}

/** The least scrolling that brings row `place` wholly into view. */
export function scrollTo(place, scrollPx, heightPx) {
  const top = place * ROW_PX;
  if (top < scrollPx) return top;
  return top + ROW_PX > scrollPx + heightPx ? Math.max(0, top + ROW_PX - heightPx) : scrollPx;
}
