/** What the browser knows of a file without reading all of it, and what that suggests. */
import { guess } from "./guessing.js";

/** So long is waited for a file's tables; a file whose tables are at its end, on a slow disk, is then not known. */
const LONGEST_WAIT_MS = 1500;

/** Of so many files at once the tables are read; of more, names alone are looked at. */
const MOST_READ = 20;

/**
 * The presets that files look like.
 * @param {UploadItem[]} items
 * @returns {Promise<{guess: {preset: string, why: string}, items: any[]}[]>} one for each preset
 */
export async function guessesOf(items) {
  const groups = new Map();
  const guesses = await Promise.all(items.map(async ({ file }, place) => {
    const known = unknownFacts(file);
    return guess(known) ?? (place < MOST_READ ? guess(await factsOf(file)) : null);
  }));
  guesses.forEach((found, place) => {
    if (!found) return;
    if (!groups.has(found.preset)) groups.set(found.preset, { guess: found, items: [] });
    groups.get(found.preset).items.push(items[place]);
  });
  return [...groups.values()];
}

const unknownFacts = ({ name, size }) =>
  ({ name, sizeBytes: size, durationS: null, widthPx: null, heightPx: null });

/**
 * @param {File} file
 * @returns {Promise<Facts>} with null for all that this browser cannot read
 */
export function factsOf(file) {
  const known = unknownFacts(file);
  const video = document.createElement("video");
  const address = URL.createObjectURL(file);
  return new Promise((resolve) => {
    const timer = window.setTimeout(() => done(known), LONGEST_WAIT_MS);
    const done = (facts) => {
      window.clearTimeout(timer);
      video.removeAttribute("src");
      video.load();
      URL.revokeObjectURL(address);
      resolve(facts);
    };
    video.addEventListener("error", () => video.hasAttribute("src") && done(known));
    video.addEventListener("loadedmetadata", () => done({ ...known,
      durationS: Number.isFinite(video.duration) ? video.duration : null,
      widthPx: video.videoWidth, heightPx: video.videoHeight }));
    video.preload = "metadata";
    video.src = address;
  });
}
