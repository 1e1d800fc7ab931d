/** The timeline's mathematics: what is under the pointer stays there, nothing outside of the video is shown. */
import assert from "node:assert/strict";
import test from "node:test";

import {
  boundaryReachS, centreOn, clampView, nearestBoundary, panBy, pinch, visibleShare, zoomAt,
} from "../../../ui/static/timeline/mathematics.js";

const BOUNDS = { viewPx: 1000, largestFactor: 64 };
const WHOLE = { factor: 1, scrollPx: 0 };

/** The share of the whole video that lies at a place in the visible part. */
const shareAt = ({ factor, scrollPx }, px) => (scrollPx + px) / (BOUNDS.viewPx * factor);
const near = (one, other, within = 1e-9) => assert.ok(Math.abs(one - other) <= within, `${one} is not ${other}`);

test("zooming in keeps what is under the pointer, notch after notch", () => {
  for (const pointerPx of [0, 130, 500, 999]) {
    let view = WHOLE;
    const share = shareAt(view, pointerPx);
    for (let notch = 0; notch < 5; notch += 1) {
      view = zoomAt(view, BOUNDS, view.factor * 1.6, pointerPx);
      near(shareAt(view, pointerPx), share);
    }
    near(view.factor, 1.6 ** 5, 1e-6);
  }
});

test("zooming out keeps the pointer's place as long as the video's ends allow it", () => {
  const view = { factor: 8, scrollPx: 3500 };
  near(shareAt(zoomAt(view, BOUNDS, 4, 500), 500), shareAt(view, 500));
  assert.deepEqual(zoomAt({ factor: 8, scrollPx: 0 }, BOUNDS, 2, 900), { factor: 2, scrollPx: 0 });
  assert.deepEqual(zoomAt({ factor: 8, scrollPx: 7000 }, BOUNDS, 2, 100), { factor: 2, scrollPx: 1000 });
});

test("the zoom ends at the whole video and at the closest scale", () => {
  assert.deepEqual(zoomAt({ factor: 3, scrollPx: 500 }, BOUNDS, 0.2, 400), WHOLE);
  assert.equal(zoomAt(WHOLE, BOUNDS, 1000, 400).factor, 64);
  assert.equal(zoomAt(WHOLE, { viewPx: 1000, largestFactor: 0.3 }, 5, 400).factor, 1);
});

test("what is dragged moves with the pointer and stops at the ends", () => {
  const view = { factor: 4, scrollPx: 1000 };
  assert.deepEqual(panBy(view, BOUNDS, 250), { factor: 4, scrollPx: 750 });
  assert.deepEqual(panBy(view, BOUNDS, -250), { factor: 4, scrollPx: 1250 });
  assert.deepEqual(panBy(view, BOUNDS, 5000), { factor: 4, scrollPx: 0 });
  assert.deepEqual(panBy(view, BOUNDS, -5000), { factor: 4, scrollPx: 3000 });
  assert.deepEqual(panBy(WHOLE, BOUNDS, 300), WHOLE);
});

test("two fingers take what is under their middle along", () => {
  const view = { factor: 4, scrollPx: 1000 };
  const share = shareAt(view, 400);
  const spread = pinch(view, BOUNDS, [300, 500], [200, 600], 24);
  assert.equal(spread.factor, 8);
  near(shareAt(spread, 400), share);

  const moved = pinch(view, BOUNDS, [300, 500], [700, 900], 24);
  assert.equal(moved.factor, 4);
  near(shareAt(moved, 800), share);

  near(shareAt(pinch(view, BOUNDS, [500, 300], [600, 200], 24), 400), share);
});

test("fingers on one spot do not zoom to infinity", () => {
  const view = pinch(WHOLE, BOUNDS, [500, 500], [400, 600], 20);
  near(view.factor, 10);
  assert.equal(pinch({ factor: 6, scrollPx: 900 }, BOUNDS, [100, 900], [500, 500], 20).factor, 1);
});

test("a view is brought back into the video", () => {
  assert.deepEqual(clampView({ factor: 2, scrollPx: -40 }, BOUNDS), { factor: 2, scrollPx: 0 });
  assert.deepEqual(clampView({ factor: 2, scrollPx: 4000 }, BOUNDS), { factor: 2, scrollPx: 1000 });
  assert.deepEqual(clampView({ factor: 0.5, scrollPx: 10 }, BOUNDS), WHOLE);
});

test("the overview tells the visible part, and leads there and back", () => {
  assert.deepEqual(visibleShare({ factor: 4, scrollPx: 1000 }, BOUNDS), { left: 0.25, width: 0.25 });
  const view = centreOn({ factor: 4, scrollPx: 0 }, BOUNDS, 0.6);
  const { left, width } = visibleShare(view, BOUNDS);
  near(left + width / 2, 0.6);
  assert.deepEqual(centreOn({ factor: 4, scrollPx: 0 }, BOUNDS, 0.01), { factor: 4, scrollPx: 0 });
});

test("the nearest boundary, within reach, and not the start of the video", () => {
  const segments = [0, 1, 2.5, 2.6, 9].map((start) => ({ start_s: start }));
  assert.equal(nearestBoundary(segments, 1.1, 0.2), 1);
  assert.equal(nearestBoundary(segments, 0.9, 0.2), 1);
  assert.equal(nearestBoundary(segments, 2.54, 0.2), 2);
  assert.equal(nearestBoundary(segments, 2.56, 0.2), 3);
  assert.equal(nearestBoundary(segments, 5, 0.2), -1);
  assert.equal(nearestBoundary(segments, 0.05, 0.2), -1);
  assert.equal(nearestBoundary(segments, 0.05, 0.2, true), 0);
  assert.equal(nearestBoundary(segments, 40, 100), 4);
  assert.equal(nearestBoundary([], 1, 10), -1);
});

test("of a short segment only a quarter belongs to its boundary", () => {
  near(boundaryReachS(6, 100, { start_s: 0, end_s: 10 }), 0.06);
  near(boundaryReachS(6, 100, { start_s: 0, end_s: 0.08 }), 0.02);
  assert.ok(boundaryReachS(6, 100, { start_s: 0, end_s: 0.04 }) < 0);
});
