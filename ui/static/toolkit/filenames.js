/**
 * Shows names of files. Names come from outside: their direction is isolated from the text around, characters that turn
 * the direction are shown as their code, and a name that is too long for its place is cut in the middle, because
 * names that belong together differ at their ends. Text stays whole for copying and for screen readers.
 */
import { h } from "./dom.js";

/** Embeddings, overrides and isolates of the direction (Unicode UAX 9), and controls. */
const TURNING = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** About so many characters at a name's end are never cut; shorter names are one piece. */
const END_LENGTH = 10;
const WHOLE_UP_TO = 14;

/** A piece begins at a break of the name that lies about there: letters that are written together stay together. */
const BREAK = /^[\s._\-,()[\]]/u;
const BREAK_WITHIN = 4;

const clusters = typeof Intl.Segmenter === "function" ? new Intl.Segmenter(undefined, { granularity: "grapheme" })
  : null;

/** The name with characters that could make it look like another one replaced by their code, as "⟨U+202E⟩". */
export function plainName(name) {
  return name.replace(TURNING, (char) => `⟨U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
}

/** The name in two pieces, of which the first may be cut; never inside what is read as one character. */
export function nameParts(name) {
  const shown = clusters ? [...clusters.segment(name)].map(({ segment }) => segment) : [...name];
  if (shown.length <= WHOLE_UP_TO) return ["", name];
  const wanted = shown.length - END_LENGTH;
  const near = shown.map((_, place) => place).filter((place) => BREAK.test(shown[place])
    && Math.abs(place - wanted) <= BREAK_WITHIN);
  const place = near.sort((one, other) => Math.abs(one - wanted) - Math.abs(other - wanted))[0] ?? wanted;
  return [shown.slice(0, place).join(""), shown.slice(place).join("")];
}

/** An element that shows the name. */
export function filename(name) {
  const plain = plainName(name);
  const [start, end] = nameParts(plain);
  return h("bdi", { class: "filename", dir: "auto", title: plain, dataset: { name } },
    start && h("span", { class: "filename-start" }, start), h("span", { class: "filename-end" }, end));
}

/** Show the name in an element that is there; nothing happens where it is shown already. */
export function showFilename(element, name) {
  if (element.firstElementChild?.dataset.name === name) return;
  element.replaceChildren(filename(name));
}
