/**
 * Which still stands for a shot in the row of stills. A shot of a few frames has none, and one may be missing at the
 * server; then an earlier shot lends its own, since what was shown before is nearer to what a person remembers. Pure.
 */

/** So many shots before and after it are looked at. */
const EARLIER = 12;
const LATER = 3;

/**
 * @param {any[]} shots in order
 * @param {number} place of the shot
 * @param {(shot: any) => string | null} urlOf the address of a shot's own still
 * @param {Set<string>} missing addresses that were asked for in vain
 * @returns {{url: string, lentBy: number | null} | null} lentBy: place of the shot whose still it is; null: its own
 */
export function stillOf(shots, place, urlOf, missing) {
  const own = addressOf(shots[place], urlOf, missing);
  if (own) return { url: own, lentBy: null };
  for (let other = place - 1; other >= Math.max(0, place - EARLIER); other -= 1) {
    const url = addressOf(shots[other], urlOf, missing);
    if (url) return { url, lentBy: other };
  }
  for (let other = place + 1; other <= Math.min(shots.length - 1, place + LATER); other += 1) {
    const url = addressOf(shots[other], urlOf, missing);
    if (url) return { url, lentBy: other };
  }
  return null;
}

function addressOf(shot, urlOf, missing) {
  const url = urlOf(shot);
  return url && !missing.has(url) ? url : null;
}
