/** Steps from frame to frame: none is skipped or shown twice, however times were rounded. */
import assert from "node:assert/strict";
import test from "node:test";

import { frameAt, stepFrames } from "../../../ui/static/player/frame-steps.js";

const near = (one, other, within) => assert.ok(Math.abs(one - other) <= within, `${one} is not ${other}`);

test("steps go to the starts of frames, also from within a frame", () => {
  const fps = 30000 / 1001;
  for (const frame of [0, 1, 2, 29, 1798, 100000]) {
    const startS = 3.5 + frame / fps;
    assert.equal(frameAt(startS, 3.5, fps), frame);
    assert.equal(frameAt(Math.floor(startS * 1e6) / 1e6, 3.5, fps), frame);
    near(stepFrames(startS + 0.4 / fps, { startS: 3.5, fps }, 1), 3.5 + (frame + 1) / fps, 1e-6);
    near(stepFrames(startS, { startS: 3.5, fps }, -1), 3.5 + Math.max(0, frame - 1) / fps, 1e-6);
  }
  assert.equal(stepFrames(3.5, { startS: 3.5, fps: 25 }, -40), 3.5);
});

test("a hundred steps forward and back end where they began", () => {
  const FILM = { startS: 0, fps: 23.976 };
  let timeS = 0;
  for (let step = 0; step < 100; step += 1) timeS = Math.floor(stepFrames(timeS, FILM, 1) * 1e6) / 1e6;
  assert.equal(frameAt(timeS, 0, 23.976), 100);
  for (let step = 0; step < 100; step += 1) timeS = Math.floor(stepFrames(timeS, FILM, -1) * 1e6) / 1e6;
  assert.equal(frameAt(timeS, 0, 23.976), 0);
});

test("at a variable rate a step is as long as a mean frame, from wherever it is", () => {
  const clock = { startS: 2, fps: 20, variable: true };
  near(stepFrames(2.512, clock, 1), 2.562, 1e-9);
  near(stepFrames(2.512, clock, -2), 2.412, 1e-9);
  assert.equal(stepFrames(2.01, clock, -1), 2);
});
