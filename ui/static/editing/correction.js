/**
 * The correction that is sent: `PUT /videos/{id}/segments` takes the starts of every level that has changed. Pure:
 * who sends it is not known here.
 */
import { isFirst, startAt } from "./draft.js";

const SAME = ["frame", "kind", "fromFrame", "toFrame", "locked", "title", "named"];
const same = (one, other) => one === other || (Boolean(one && other) && SAME.every((key) => one[key] === other[key]));

/** The levels whose starts differ. */
export function changedLevels(base, draft) {
  return draft.levels.filter((level) => {
    const [before, now] = [base.starts[level], draft.starts[level]];
    return before.length !== now.length || now.some((start, place) => !same(start, before[place]));
  });
}

/**
 * The body of the request; null where nothing has changed.
 * @param {Draft} base what the video's current result is
 * @param {Draft} draft
 * @param {string} [note] what a person says of the correction
 */
export function correctionOf(base, draft, note = "") {
  const levels = changedLevels(base, draft);
  if (levels.length === 0) return null;
  const lists = Object.fromEntries(levels.map((level) => [`${level}s`,
    draft.starts[level].flatMap((start) => entryOf(base, draft, level, start) ?? [])]));
  return note.trim() ? { ...lists, note: note.trim() } : lists;
}

/** What is sent of one start: no more than the frame where it is as it was. The first is only sent for its name. */
function entryOf(base, draft, level, start) {
  const before = startAt(base, level, start.frame);
  const named = start.named || before?.named;
  if (isFirst(draft, start.frame) && !named) return null;
  const entry = { start_frame: start.frame };
  if (level === "shot" && !isFirst(draft, start.frame)) {
    if (!before || !same({ ...before, locked: start.locked }, start)) {
      Object.assign(entry, { kind: start.kind, from_frame: start.fromFrame, to_frame: start.toFrame });
    }
  }
  if (level !== "shot" && named) entry.title = start.named ? start.title : "";
  if (start.locked || before?.locked) entry.locked = start.locked;
  return entry;
}
