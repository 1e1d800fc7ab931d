/** The order in which doubtful boundaries are shown, and the frames that are shown of one. */
import assert from "node:assert/strict";
import test from "node:test";

import { FrameClock } from "../../../ui/static/video/frame-clock.js";
import { FrameTimes } from "../../../ui/static/video/frame-times.js";
import { framesAround, leastCertain } from "../../../ui/static/results/certainty.js";

const segments = (...confidences) => confidences.map((confidence, index) => ({ index, start_boundary: { confidence } }));
const boundary = (startFrame, fromFrame = startFrame, toFrame = startFrame) => ({ start_frame: startFrame,
  start_boundary: { from_s: fromFrame / 24, to_s: toFrame / 24 } });
const film = [{ start_frame: 0, end_frame: 2400, start_s: 0, end_s: 100 }];
const clock = new FrameClock(film);
const numbers = (segment, of = clock) => framesAround(segment, of).map(({ frame }) => frame);

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
  assert.deepEqual(framesAround(boundary(48), clock).map(({ side }) => side), ["before", "before", "after", "after"]);
});

test("of a dissolve there are the frames before it begins and after it has ended", () => {
  assert.deepEqual(numbers(boundary(48, 42, 54)), [40, 41, 54, 55]);
});

test("the times lie inside of the frames", () => {
  for (const { timeS, frame } of framesAround(boundary(1001, 990, 1010), clock)) {
    assert.equal(Math.floor(timeS * 24), frame);
  }
});

test("before the first frame there is none", () => {
  assert.deepEqual(numbers(boundary(0)), [0, 1]);
  assert.deepEqual(numbers(boundary(1)), [0, 1, 2]);
});

test("with the exact times they are the frames that are shown, and behind the last one there is none", () => {
  const steps = Array.from({ length: 2400 }, (_, frame) => (frame % 3 ? 20 : 60));
  const exact = new FrameTimes({ time_base: [1, 1000], frames: 2400, first_frame: 0, first_pts: 0,
    runs: steps.map((step) => [step, 1]), next_frame: null });
  const variable = new FrameClock([{ start_frame: 0, end_frame: 2400, start_s: 0, end_s: 80 }], exact);
  const dissolve = { start_frame: 100, start_boundary: { from_s: exact.timeOf(91), to_s: exact.timeOf(104) } };
  const around = framesAround(dissolve, variable);
  assert.deepEqual(around.map(({ frame }) => frame), [89, 90, 104, 105]);
  for (const { timeS, frame } of around) assert.equal(exact.frameAt(timeS), frame);
  const last = { start_frame: 2399, start_boundary: { from_s: exact.timeOf(2399), to_s: exact.timeOf(2399) } };
  assert.deepEqual(numbers(last, variable), [2397, 2398, 2399]);
});
