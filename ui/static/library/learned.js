/** What corrected videos have taught, in words. Pure. */

/** An F1 (0..1) as the page shows it. */
export const score = (f1) => f1.toFixed(2);

/**
 * What was learned in a sentence or two, for people.
 * @param {{changed: object, before: number, after: number, held_out: number | null, complete: boolean}} found
 */
export function summary(found) {
  if (!Object.keys(found.changed).length) {
    return `No other settings come nearer to what you corrected (agreement ${score(found.before)} of 1).`;
  }
  const parts = [`Agreement with what you corrected: ${score(found.before)} before, ${score(found.after)} with these `
    + "settings, of 1."];
  if (found.held_out !== null) {
    parts.push(`For each video by what the others alone teach: ${score(found.held_out)}.`);
  } else if (found.complete) {
    parts.push("More corrected videos would tell how well these settings fit others.");
  }
  if (!found.complete) parts.push("The search was ended by its time limit; choose fewer videos for a whole one.");
  return parts.join(" ");
}
