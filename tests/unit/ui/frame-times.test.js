/** Times of frames as the API tells them: exact at any rate, from any start, also in parts. */
import assert from "node:assert/strict";
import test from "node:test";

import { FrameClock } from "../../../ui/static/video/frame-clock.js";
import { FrameTimes } from "../../../ui/static/video/frame-times.js";
import { random } from "./film.js";

/** A film of these steps, and the start of each frame and the end in seconds, each rounded from its timestamp. */
function film(steps, { firstPts = 0, base = [1, 90000] } = {}) {
  const runs = [];
  for (const step of steps) {
    if (runs.at(-1)?.[0] === step) runs.at(-1)[1] += 1;
    else runs.push([step, 1]);
  }
  const pts = [firstPts];
  for (const step of steps) pts.push(pts.at(-1) + step);
  const times = new FrameTimes({ time_base: base, frames: steps.length, first_frame: 0, first_pts: firstPts, runs,
    next_frame: null });
  return { times, starts: pts.map((each) => (each * base[0]) / base[1]) };
}

const next = random(11);
const phone = Array.from({ length: 500 }, () => 1400 + Math.floor(next() * 400) * (next() < 0.2 ? 20 : 1));
const FILMS = {
  "of a constant rate": film(Array(300).fill(3600)),
  "of a phone": film(phone),
  "whose clock starts late": film(phone, { firstPts: 126000 }),
  "whose clock starts before zero": film(phone, { firstPts: -4500 }),
  "in milliseconds": film(Array.from({ length: 400 }, (_, n) => (n % 3 === 2 ? 41 : 42)), { base: [1, 1000] }),
  "in units that are no decimal fraction": film(Array(300).fill(1), { firstPts: 7, base: [1001, 30000] }),
  "of one frame": film([1500]),
};

test("frames and times belong together exactly", () => {
  for (const [name, { times, starts }] of Object.entries(FILMS)) {
    starts.forEach((startS, frame) => assert.equal(times.timeOf(frame), startS, `a film ${name}`));
    for (let frame = 0; frame < times.count; frame += 1) {
      const [startS, endS] = [starts[frame], starts[frame + 1]];
      const atMicroseconds = Math.trunc(startS * 1e6) / 1e6; // what a media element makes of a time
      for (const timeS of [startS, atMicroseconds, (startS + endS) / 2, endS - 1e-5]) {
        assert.equal(times.frameAt(timeS), frame, `a film ${name}`);
      }
      assert.equal(times.lastBefore(endS), frame, `a film ${name}`);
    }
    assert.equal(times.frameAt(starts[0] - 100), 0);
    assert.equal(times.frameAt(starts.at(-1) + 100), times.count - 1);
  }
});

/** Segments of a film whose frames are known, as the API gives them. */
const segmentsOf = ({ starts }, ...frames) => frames.slice(0, -1).map((frame, place) => ({ start_frame: frame,
  end_frame: frames[place + 1], start_s: starts[frame], end_s: starts[frames[place + 1]] }));

test("inside a segment of a variable rate the clock names the frame that is shown; without the times it does not", () => {
  const of = FILMS["of a phone"];
  const segments = segmentsOf(of, 0, 250, 500);
  const [exact, estimate] = [new FrameClock(segments, of.times), new FrameClock(segments)];
  let wrong = 0;
  for (let frame = 0; frame < 500; frame += 1) {
    const middleS = (of.starts[frame] + of.starts[frame + 1]) / 2;
    assert.equal(exact.frameAt(middleS), frame);
    assert.equal(exact.frameAt(exact.timeOf(frame)), frame);
    assert.equal(exact.nearestFrame(of.starts[frame] + 1e-4), frame);
    assert.equal(exact.frameAt(exact.middleOf(frame)), frame);
    if (estimate.frameAt(middleS) !== frame) wrong += 1;
  }
  assert.ok(wrong > 100, "the estimate is right in this film: it shows nothing");
  assert.equal(exact.nearestFrame(of.starts[500]), 500);
});

test("of a part that is segmented the clock names no frame outside", () => {
  const of = FILMS["whose clock starts late"];
  const [begin, end] = [100, 400];
  const clock = new FrameClock(segmentsOf(of, begin, 180, end), of.times);
  const fileEndS = of.starts.at(-1);
  const shown = (frame) => clock.segmentedFrameAt(of.starts[frame], fileEndS);
  assert.deepEqual([0, 90, begin, begin + 1, end - 1, end, 450].map(shown),
    [null, null, begin, begin + 1, end - 1, null, null]);
  assert.deepEqual([clock.frameAt(0), clock.frameAt(1e6)], [begin, end - 1]);
  assert.deepEqual([clock.nearestFrame(0), clock.nearestFrame(1e6)], [begin, end]);
  assert.equal(clock.timeOf(begin - 5), of.starts[begin - 5]);
  const whole = new FrameClock(segmentsOf(of, 0, 500), of.times);
  assert.equal(whole.segmentedFrameAt(fileEndS, fileEndS), 499);
});

test("times of another stream do not agree with the segments", () => {
  const of = FILMS["of a phone"];
  const segments = segmentsOf(of, 0, 30, 500);
  assert.equal(of.times.agreesWith(segments), true);
  assert.equal(FILMS["whose clock starts late"].times.agreesWith(segments), false);
  assert.equal(film(phone.slice(0, 499)).times.agreesWith(segments), false);
  assert.equal(film([...phone].reverse()).times.agreesWith(segments), false);
});

test("a film of a day in which each step differs is looked up at once", () => {
  const steps = Array.from({ length: 2_000_000 }, (_, n) => 1400 + ((n * 7919) % 211));
  const { times, starts } = film(steps);
  for (const frame of [0, 1, 77_777, 1_234_567, 1_999_999]) {
    assert.equal(times.timeOf(frame), starts[frame]);
    assert.equal(times.frameAt(starts[frame]), frame);
  }
});
