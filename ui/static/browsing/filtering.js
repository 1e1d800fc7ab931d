/**
 * Which segments of a level are listed, and in which order. Pure functions: they know no element of the page and no
 * video. A segment is told by its place in the level.
 *
 * @typedef {{text: string, kind: string, label: string, role: string, minS: number | null, maxS: number | null}} Criteria
 *   `text`: words that all have to occur; empty texts and null: any
 * @typedef {"start" | "name" | "length" | "kind" | "label" | "role" | "confidence"} Column
 */
import { nameOf } from "../video/names.js";

/** @type {Criteria} */
export const ANY = Object.freeze({ text: "", kind: "", label: "", role: "", minS: null, maxS: null });

/** Whether the criteria leave something out. @param {Criteria} criteria */
export const narrows = (criteria) => Object.entries(ANY).some(([name, value]) => criteria[name] !== value);

const lengthOf = (segment) => segment.end_s - segment.start_s;
const roleOf = (segment) => segment.role ?? "content";

/** Lengths are told with two decimals: one that is shown as 2.00 s is not shorter than 2 s. */
const LENGTH_TOLERANCE_S = 0.005;

/**
 * Places of the segments that meet every criterion, in order of time.
 * @param {any[]} segments of one level, in order of time
 * @param {Criteria} criteria
 * @param {(segment: any) => string} saidIn what is said and shown in a segment
 * @returns {number[]}
 */
export function matching(segments, criteria, saidIn) {
  const wanted = fold(criteria.text).split(/\s+/).filter(Boolean);
  const places = [];
  for (const [place, segment] of segments.entries()) {
    if (criteria.kind && segment.start_boundary?.kind !== criteria.kind) continue;
    if (criteria.label && segment.label !== criteria.label) continue;
    if (criteria.role && roleOf(segment) !== criteria.role) continue;
    if (criteria.minS !== null && lengthOf(segment) < criteria.minS - LENGTH_TOLERANCE_S) continue;
    if (criteria.maxS !== null && lengthOf(segment) > criteria.maxS + LENGTH_TOLERANCE_S) continue;
    if (wanted.length > 0) {
      const text = fold(textOf(segment, saidIn));
      if (!wanted.every((word) => text.includes(word))) continue;
    }
    places.push(place);
  }
  return places;
}

/** Small letters without accents, so that "Cafe" finds "café". */
const fold = (text) => text.normalize("NFD").replace(/\p{Mark}/gu, "").toLowerCase();

/** All that a person may look for in a segment. */
const textOf = (segment, saidIn) => [segment.title, segment.label, ...(segment.keywords ?? []),
  ...(segment.visual?.tags ?? []).map((tag) => tag.label), saidIn(segment)].filter(Boolean).join("\n");

/**
 * A function that gives what is said and shown in a segment.
 * @param {{start_s: number, end_s?: number, text?: string, lines?: string[]}[]} items in order of time
 */
export function textReader(items) {
  // A sentence may be longer than the one after it: the search begins where none before can still be heard.
  let longestS = 0;
  for (const item of items) longestS = Math.max(longestS, (item.end_s ?? item.start_s) - item.start_s);
  return ({ start_s: startS, end_s: endS }) => {
    const found = [];
    for (let place = firstFrom(items, startS - longestS); place < items.length; place += 1) {
      const { start_s: fromS, end_s: toS = fromS, text, lines = [] } = items[place];
      if (fromS >= endS) break;
      if (fromS >= startS || toS > startS) found.push(text ?? lines.join("\n"));
    }
    return found.join("\n");
  };
}

function firstFrom(items, timeS) {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle].start_s < timeS) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * What occurs among the segments, with how often, the most frequent first.
 * @param {"kind" | "label" | "role"} what
 * @returns {[string, number][]}
 */
export function occurring(segments, what) {
  const value = { kind: (segment) => segment.start_boundary?.kind, label: (segment) => segment.label, role: roleOf }[what];
  const counts = new Map();
  for (const segment of segments) {
    const found = value(segment);
    if (found) counts.set(found, (counts.get(found) ?? 0) + 1);
  }
  return [...counts].sort(([one, many], [other, more]) => more - many || one.localeCompare(other));
}

/** @type {Record<Column, (segment: any) => string | number>} */
const VALUES = {
  start: (segment) => segment.start_s,
  name: (segment) => nameOf(segment),
  length: (segment) => Math.round(lengthOf(segment) * 1000), // below a millisecond there is only rounding
  kind: (segment) => segment.start_boundary?.kind ?? "",
  label: (segment) => segment.label ?? "",
  role: roleOf,
  confidence: (segment) => segment.start_boundary?.confidence ?? 0,
};

/**
 * The same places in the order of a column; equal ones stay in order of time, also from last to first.
 * @param {number[]} places in order of time
 * @param {{column: Column, descending: boolean}} sort
 */
export function sorted(places, segments, { column, descending }) {
  if (column === "start") return descending ? [...places].reverse() : places;
  const value = VALUES[column];
  const compare = (one, other) => (typeof one === "string" ? one.localeCompare(other, undefined, { numeric: true })
    : one - other);
  return [...places].sort((one, other) => (descending ? -1 : 1) * compare(value(segments[one]), value(segments[other]))
    || one - other);
}
