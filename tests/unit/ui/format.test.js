/** Shares for people, as the exported page tells them: tests/unit/exports/test_spoken.py has the same pairs. */
import assert from "node:assert/strict";
import test from "node:test";

import { percent, share } from "../../../ui/static/toolkit/format.js";

test("shares are rounded, and their sign does not break off", () => {
  for (const [value, told] of [[0, "0"], [0.004, "0"], [0.994, "99"], [0.996, "100"], [1.2, "100"], [-1, "0"]]) {
    assert.equal(share(value), `${told}\u00a0%`);
  }
});

test("progress is 100 % only at its end", () => {
  assert.equal(percent(0.999), "99 %");
  assert.equal(percent(1), "100 %");
});
