/**
 * Remembers uploads that are not finished, in localStorage, so that they go on after a reload when the same file is
 * chosen again: a page may not keep a file itself. A file is recognised by its name, size and time of change. The server
 * keeps the kind of video that an upload was begun with, so with another kind the same file is another upload. While a
 * page uploads it, it says so from time to time, so that other pages do not offer it. Knows no element of the page.
 */

/** Prefix of the keys in localStorage. */
const PREFIX = "scenestream.upload:";

/** A page that is alive says so this often; after the longer time its uploads count as left behind. */
const ALIVE_EVERY_MS = 4000;
const LEFT_AFTER_MS = 12000;

/** The server forgets an upload sooner, by its own setting; then asking for it says so. */
const KEPT_MS = 7 * 24 * 3600 * 1000;

/**
 * @typedef {{key: string, name: string, size: number, preset?: string, url: string, sentBytes: number,
 *   aliveMs: number, savedMs: number}} Entry preset: name of the kind of video; none for any
 */

const keyOf = (file, preset) => PREFIX
  + [file.name, file.size, file.lastModified, ...(preset ? [preset] : [])].join("|");

/** Keys of the uploads of this page. */
const own = new Set();

/** localStorage, which private windows may refuse; then nothing is remembered. */
function stored(use, otherwise) {
  try {
    return use(window.localStorage);
  } catch {
    console.info("this browser keeps nothing: an upload cannot be resumed after a reload");
    return otherwise;
  }
}

function read(key) {
  const text = stored((storage) => storage.getItem(key), null);
  if (!text) return null;
  try {
    const entry = JSON.parse(text);
    return typeof entry?.url === "string" ? { ...entry, key } : null;
  } catch {
    return null; // of an earlier version of the page
  }
}

function write(key, entry) {
  stored((storage) => storage.setItem(key, JSON.stringify(entry)), undefined);
}

/** Whether an upload of this file as this kind of video is unfinished. */
export const isUnfinished = (file, preset) => read(keyOf(file, preset)) !== null;

/** The address of an unfinished upload of the same file as the same kind of video, or null. */
export function recall(file, preset) {
  const key = keyOf(file, preset);
  own.add(key);
  const entry = read(key);
  if (entry) write(key, { ...entry, aliveMs: Date.now() });
  return entry?.url ?? null;
}

export function remember(file, preset, url, sentBytes) {
  const key = keyOf(file, preset);
  own.add(key);
  write(key, { name: file.name, size: file.size, preset, url, sentBytes, aliveMs: Date.now(), savedMs: Date.now() });
}

export function forget(file, preset) {
  forgetKey(keyOf(file, preset));
}

export function forgetKey(key) {
  own.delete(key);
  stored((storage) => storage.removeItem(key), undefined);
}

/** @returns {Entry[]} uploads that no page works on any more; those that are too old are forgotten */
export function leftBehind(nowMs = Date.now()) {
  const keys = stored((storage) => Object.keys(storage).filter((key) => key.startsWith(PREFIX)), []);
  const found = [];
  for (const key of keys) {
    const entry = read(key);
    if (!entry || nowMs - entry.savedMs > KEPT_MS) forgetKey(key);
    else if (!own.has(key) && nowMs - entry.aliveMs > LEFT_AFTER_MS) found.push(entry);
  }
  return found.sort((one, other) => one.name.localeCompare(other.name));
}

/** Time until an upload that another page has left would be told by `leftBehind`. */
export const NOTICED_AFTER_MS = LEFT_AFTER_MS + ALIVE_EVERY_MS;

function touch(aliveMs) {
  for (const key of own) {
    const entry = read(key);
    if (entry) write(key, { ...entry, aliveMs });
  }
}

window.setInterval(() => touch(Date.now()), ALIVE_EVERY_MS);
window.addEventListener("pagehide", () => touch(0));
