/**
 * Keeps the unsaved steps of each video's draft in the browser's storage, so that a reload or a crash does not lose
 * them. Steps are stored, not the draft: they are small, and can be done again on a newer revision. The storage is
 * bounded in drafts, size and age. Knows no element of the page; the storage is passed in.
 *
 * @typedef {object} Kept
 * @property {number} revision of the result that the steps start from
 * @property {Step[]} steps
 * @property {string} note
 * @property {number} atMs when it was kept, in milliseconds since 1970
 */
import { isStep } from "./steps.js";

const PREFIX = "scenestream.draft.";

/** Drafts of so many videos are kept; the oldest goes first. */
export const MOST_DRAFTS = 20;

/** Largest size of one draft: some 5,000 steps. Browsers give a page about 5 million characters for everything. */
export const LARGEST_CHARACTERS = 400_000;

export const OLDEST_MS = 30 * 24 * 3600 * 1000;

/** Keys of the kept drafts, the oldest first. */
function keysOf(storage) {
  const keys = Array.from({ length: storage.length }, (_, place) => storage.key(place));
  return keys.filter((key) => key.startsWith(PREFIX))
    .map((key) => [parse(storage.getItem(key))?.atMs ?? 0, key])
    .sort(([one], [other]) => one - other)
    .map(([, key]) => key);
}

/** @returns {Kept | null} null for text that this module has not written */
function parse(text) {
  try {
    const kept = JSON.parse(text);
    const whole = Number.isInteger(kept.revision) && Number.isFinite(kept.atMs) && typeof kept.note === "string";
    return whole && Array.isArray(kept.steps) && kept.steps.every(isStep) ? kept : null;
  } catch {
    return null; // of another release, or written by hand: as if there were none
  }
}

/**
 * Keep a draft, in place of an earlier one of the video.
 * @param {Storage} storage
 * @param {string} id of the video
 * @param {Omit<Kept, "atMs">} draft without steps it is forgotten
 * @param {number} [nowMs]
 * @returns {boolean} false where the browser does not take it: storage is off or full, or the draft too large
 */
export function keep(storage, id, draft, nowMs = Date.now()) {
  if (draft.steps.length === 0) return forget(storage, id);
  const { revision, steps, note } = draft;
  const text = JSON.stringify({ revision, steps, note, atMs: nowMs });
  if (text.length > LARGEST_CHARACTERS) return false;
  try {
    const others = keysOf(storage).filter((key) => key !== PREFIX + id);
    for (const key of others.slice(0, Math.max(0, others.length + 1 - MOST_DRAFTS))) storage.removeItem(key);
    storage.setItem(PREFIX + id, text);
    return true;
  } catch {
    return false; // QuotaExceededError, or SecurityError where storage is switched off
  }
}

/**
 * The kept draft of a video, or null. One that is too old is forgotten.
 * @returns {Kept | null}
 */
export function kept(storage, id, nowMs = Date.now()) {
  try {
    const draft = parse(storage.getItem(PREFIX + id) ?? "null");
    if (draft && nowMs - draft.atMs <= OLDEST_MS) return draft;
    storage.removeItem(PREFIX + id);
  } catch {
    // Storage is switched off: nothing is kept.
  }
  return null;
}

/** @returns {boolean} whether the storage works */
export function forget(storage, id) {
  try {
    storage.removeItem(PREFIX + id);
    return true;
  } catch {
    return false; // storage is switched off
  }
}
