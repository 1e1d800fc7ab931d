/** The threshold of shots and their sensitivity say the same. */
import assert from "node:assert/strict";
import test from "node:test";
import { MAX_THRESHOLD, MIN_CONFIDENCE, sensitivityAt, STEP, stepped, thresholdOf } from
  "../../../ui/static/results/threshold.js";

test("a higher sensitivity has a lower threshold, within what the analysis allows", () => {
  assert.equal(thresholdOf(0.5), 0.5);
  assert.equal(thresholdOf(0), MAX_THRESHOLD);
  assert.equal(thresholdOf(1), MIN_CONFIDENCE);
  assert.ok(Math.abs(thresholdOf(0.3) - 0.7) < 1e-9);
});

test("a height on the curve gives the nearest step of the slider, also outside of the curve", () => {
  assert.equal(sensitivityAt(0.5), 0.5);
  assert.equal(sensitivityAt(0.71), 0.3);
  assert.equal(sensitivityAt(1.4), 0);
  assert.equal(sensitivityAt(-0.2), 1);
});

test("every step of the slider is found again where its line lies, but for the ends, where the line cannot go", () => {
  for (let step = 1; step < 1 / STEP; step += 1) {
    const sensitivity = Number((step * STEP).toFixed(2));
    assert.equal(sensitivityAt(thresholdOf(sensitivity)), sensitivity);
  }
});

test("steps stay between none and all, and on the slider's marks", () => {
  assert.equal(stepped(0.5, 1), 0.55);
  assert.equal(stepped(0.3, -1), 0.25);
  assert.equal(stepped(0.95, 4), 1);
  assert.equal(stepped(0.1, -4), 0);
  assert.equal(stepped(0.52, 1), 0.55);
});
