/** Numbers of segments as text, as addresses of the API take them: "0-3,7". Pure functions. */

/** Longest text that the API takes. */
export const MAX_RANGES_CHARS = 6000;

/** @param {number[]} indices whole numbers, ascending @returns {string} */
export function rangesOf(indices) {
  const ranges = [];
  for (const index of indices) {
    const last = ranges[ranges.length - 1];
    if (last && last[1] + 1 === index) last[1] = index;
    else ranges.push([index, index]);
  }
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(",");
}
