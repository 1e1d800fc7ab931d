/** The order in which doubtful boundaries are shown, and the frames that are shown of one. */
import assert from "node:assert/strict";
import test from "node:test";

import { framesAround, leastCertain } from "../../../ui/static/results/certainty.js";

const segments = (...confidences) => confidences.map((confidence, index) => ({ index, start_boundary: { confidence } }));
const boundary = (startFrame, fromFrame = startFrame, toFrame = startFrame) => ({ start_s: startFrame / 24,
  start_frame: startFrame, start_boundary: { from_s: fromFrame / 24, to_s: toFrame / 24 } });
const numbers = (segment) => framesAround(segment, 24).map(({ frame }) => frame);

test("the least certain comes first, then the next one, each once", () => {
  const level = segments(0.1, 0.9, 0.4, 0.7, 0.4);
  const looked = new Set();
  const order = [];
  for (;;) {
    const index = leastCertain(level, (segment) => looked.has(segment));
    if (index < 0) break;
    order.push(index);
    looked.add(level[index]);
  }
  assert.deepEqual(order, [2, 4, 3, 1]);
});

test("the start of the video and what has no boundary are not asked about", () => {
  assert.equal(leastCertain(segments(0.1), () => false), -1);
  assert.equal(leastCertain([], () => false), -1);
  assert.equal(leastCertain([{ start_boundary: null }, { start_boundary: null }], () => false), -1);
});

test("of a cut there are the two frames on either side", () => {
  assert.deepEqual(numbers(boundary(48)), [46, 47, 48, 49]);
  assert.deepEqual(framesAround(boundary(48), 24).map(({ side }) => side), ["before", "before", "after", "after"]);
});

test("of a dissolve there are the frames before it begins and after it has ended", () => {
  assert.deepEqual(numbers(boundary(48, 42, 54)), [40, 41, 54, 55]);
});

test("the times lie inside of the frames", () => {
  for (const { timeS, frame } of framesAround(boundary(1001, 990, 1010), 24)) {
    assert.equal(Math.floor(timeS * 24), frame);
  }
});

test("before the first frame there is none", () => {
  assert.deepEqual(numbers(boundary(0)), [0, 1]);
  assert.deepEqual(numbers(boundary(1)), [0, 1, 2]);
});
