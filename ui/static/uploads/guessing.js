/**
 * Guesses which preset fits a file, by its name and by what the browser knows of it. Pure. A guess is only ever
 * offered: the words and limits below are conventions of names and of formats, no measurements.
 *
 * @typedef {object} Facts what is known of a file; null: not known
 * @property {string} name
 * @property {number} sizeBytes
 * @property {number | null} durationS
 * @property {number | null} widthPx 0: it has sound alone
 * @property {number | null} heightPx
 */

/** Words of names, by preset, in the order in which they count: a "football lecture" is rather a talk. */
const WORDS = [
  ["screencast", /\b(screen ?casts?|screen ?(recording|recorder|capture|record)s?|bildschirmaufnahme|tutorial)\b/],
  ["talk", /\b(lectures?|talks?|interviews?|podcasts?|webinars?|seminars?|keynotes?|sermons?|meetings?|vortrag)\b/],
  ["news", /\b(news|newscast|newsreel|bulletin|headlines|nachrichten|tagesschau)\b/],
  ["sports", /\b(match|football|soccer|basketball|tennis|hockey|rugby|cricket|handball|volleyball|grand prix)\b/],
  ["music", /\b(music ?videos?|official (music )?video|concerts?|live at|unplugged|karaoke|songs?|lyrics)\b/],
  ["film", /\b(s\d\d ?e\d\d|blu ?ray|bd ?rip|br ?rip|web ?dl|web ?rip|dvd ?rip|remux|movies?|director s cut)\b/],
];

/** Sizes of screens that no camera and no broadcast has, width to height. */
const SCREENS = [[16, 10], [3, 2]];
const LEAST_SCREEN_PX = 1024;
const RATIO_TOLERANCE = 0.01;

/** Encoded bits for each pixel of the picture and second: 1080p at 1 Mbit/s has 0.48, films have 1 and more. */
const STILL_BITS = 0.4;
const FILM_BITS = 0.8;

const MINUTE_S = 60;
const SCOPE_RATIO = 2.2;

/**
 * @param {Facts} facts
 * @returns {{preset: string, why: string} | null} why: ends a sentence that begins with "It looks like …: "
 */
export function guess(facts) {
  return byName(facts.name) ?? byFacts(facts);
}

function byName(name) {
  const words = name.toLowerCase().replace(/\.[a-z0-9]{2,4}$/, "").replace(/[^\p{L}\p{N}]+/gu, " ");
  for (const [preset, pattern] of WORDS) {
    const word = pattern.exec(words)?.[0];
    if (word) return { preset, why: `the name has “${word}”` };
  }
  return null;
}

function byFacts({ sizeBytes, durationS, widthPx, heightPx }) {
  if (!durationS || widthPx === null || heightPx === null) return null;
  const minutes = Math.round(durationS / MINUTE_S);
  if (!widthPx || !heightPx) {
    return minutes >= 10 ? { preset: "talk", why: `sound alone, ${minutes} minutes long` } : null;
  }
  const ratio = widthPx / heightPx;
  const isScreen = ([wide, high]) => Math.abs(ratio / (wide / high) - 1) < RATIO_TOLERANCE;
  if (widthPx >= LEAST_SCREEN_PX && SCREENS.some(isScreen)) {
    return { preset: "screencast", why: `${widthPx} × ${heightPx} is the size of a screen` };
  }
  const bits = (sizeBytes * 8) / durationS / (widthPx * heightPx);
  if (minutes >= 40 && ratio >= SCOPE_RATIO) return { preset: "film", why: `a wide picture, ${minutes} minutes long` };
  if (minutes >= 70 && ratio > 1.7 && bits >= FILM_BITS) {
    return { preset: "film", why: `${minutes} minutes long, and much moves` };
  }
  if (minutes >= 20 && bits <= STILL_BITS) return { preset: "talk", why: `${minutes} minutes long, and little moves` };
  return null;
}
