/** Which segments are listed, in which order, and how some of them are told in an address. */
import assert from "node:assert/strict";
import test from "node:test";
import { ANY, matching, narrows, occurring, sorted, textReader } from "../../../ui/static/browsing/filtering.js";
import { rangesOf } from "../../../ui/static/video/ranges.js";
import { random } from "./film.js";

const segment = (index, startS, endS, more = {}) => ({ level: "shot", index, start_s: startS, end_s: endS, label: "speech",
  role: "content", title: null, title_source: null, keywords: [], visual: { tags: [] },
  start_boundary: { kind: index ? "cut" : "start", confidence: index ? 0.9 : 1 }, ...more });

const SEGMENTS = [
  segment(0, 0, 2, { role: "intro", label: "music" }),
  segment(1, 2, 4, { title: "The café", title_source: "speech", keywords: ["coffee"] }),
  segment(2, 4, 9.999, { start_boundary: { kind: "dissolve", confidence: 0.4 }, visual: { tags: [{ label: "Beach" }] } }),
  segment(3, 10, 20, { label: "music", start_boundary: { kind: "cut", confidence: 0.6 } }),
];
const none = () => "";
const found = (changed, saidIn = none) => matching(SEGMENTS, { ...ANY, ...changed }, saidIn);

test("without criteria all are listed", () => {
  assert.deepEqual(found({}), [0, 1, 2, 3]);
  assert.equal(narrows(ANY), false);
  assert.equal(narrows({ ...ANY, minS: 0 }), true);
});

test("kind, label, role and length each leave out what is otherwise, and together they all hold", () => {
  assert.deepEqual(found({ kind: "cut" }), [1, 3]);
  assert.deepEqual(found({ label: "music" }), [0, 3]);
  assert.deepEqual(found({ role: "content" }), [1, 2, 3]);
  assert.deepEqual(found({ minS: 6 }), [2, 3]);
  assert.deepEqual(found({ maxS: 2 }), [0, 1]);
  assert.deepEqual(found({ kind: "cut", label: "music", minS: 5 }), [3]);
  assert.deepEqual(found({ minS: 3, maxS: 2 }), []);
});

test("an older result has no roles: all is content", () => {
  const old = [{ ...SEGMENTS[0], role: undefined }];
  assert.deepEqual(matching(old, { ...ANY, role: "content" }, none), [0]);
  assert.deepEqual(occurring(old, "role"), [["content", 1]]);
});

test("words are looked for in titles, labels, keywords, tags and what is said, whatever the case and accents", () => {
  assert.deepEqual(found({ text: "CAFE" }), [1]);
  assert.deepEqual(found({ text: "beach" }), [2]);
  assert.deepEqual(found({ text: "coff café" }), [1]);
  assert.deepEqual(found({ text: "coffee beach" }), []);
  assert.deepEqual(found({ text: "  " }), [0, 1, 2, 3]);
  assert.deepEqual(found({ text: "bridge" }, ({ index }) => (index === 3 ? "the old Bridge" : "")), [3]);
});

test("what is said belongs to every segment in which it can be heard; what is shown to the one it appears in", () => {
  const items = [{ start_s: 1, end_s: 5, text: "long" }, { start_s: 2.5, end_s: 3, text: "short" },
    { start_s: 4, lines: ["a slide", "of two"] }, { start_s: 20, end_s: 21, text: "late" }];
  const read = textReader(items);
  assert.deepEqual(SEGMENTS.map(read), ["long", "long\nshort", "long\na slide\nof two", ""]);
  assert.equal(textReader([])(SEGMENTS[0]), "");
});

test("what occurs is counted, the most frequent first", () => {
  assert.deepEqual(occurring(SEGMENTS, "kind"), [["cut", 2], ["dissolve", 1], ["start", 1]]);
  assert.deepEqual(occurring(SEGMENTS, "label"), [["music", 2], ["speech", 2]]);
});

test("a column orders from either end, and what is equal stays in order of time", () => {
  const by = (column, descending = false) => sorted([0, 1, 2, 3], SEGMENTS, { column, descending });
  assert.deepEqual(by("start"), [0, 1, 2, 3]);
  assert.deepEqual(by("start", true), [3, 2, 1, 0]);
  assert.deepEqual(by("length"), [0, 1, 2, 3]);
  assert.deepEqual(by("length", true), [3, 2, 0, 1]);
  assert.deepEqual(by("confidence"), [2, 3, 1, 0]);
  assert.deepEqual(by("label"), [0, 3, 1, 2]);
  assert.deepEqual(by("label", true), [1, 2, 0, 3]);
  assert.deepEqual(by("kind"), [1, 3, 2, 0]);
});

test("lengths that differ by rounding alone are equal", () => {
  const rounded = [segment(0, 0, 0.4), segment(1, 0.4, 0.8), segment(2, 0.8, 1.2000000000000002)];
  assert.deepEqual(sorted([0, 1, 2], rounded, { column: "length", descending: true }), [0, 1, 2]);
});

test("numbers in names are ordered as numbers", () => {
  const named = ["take 10", "take 9"].map((title, index) => segment(index, index, index + 1, { title, title_source: "human" }));
  assert.deepEqual(sorted([0, 1], named, { column: "name", descending: false }), [1, 0]);
});

test("numbers of segments as ranges, which name each of them once", () => {
  assert.equal(rangesOf([0]), "0");
  assert.equal(rangesOf([0, 1, 2, 3, 7]), "0-3,7");
  assert.equal(rangesOf([1, 3, 5, 6]), "1,3,5-6");
  const next = random(7);
  for (let round = 0; round < 50; round += 1) {
    const chosen = Array.from({ length: 80 }, (_, index) => index).filter(() => next() < 0.5);
    const read = rangesOf(chosen).split(",").filter(Boolean).flatMap((part) => {
      const [first, last = first] = part.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, more) => first + more);
    });
    assert.deepEqual(read, chosen);
  }
});
