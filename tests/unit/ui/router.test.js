/** Leaving a video: who is asked, and what goes there by itself can know it before. */
import assert from "node:assert/strict";
import test from "node:test";

import { until } from "./browser.js";
import { currentId, go, guardLeaving, wouldAsk } from "../../../ui/static/toolkit/router.js";

test("without anything to lose nobody is asked", () => {
  assert.equal(wouldAsk(), false);
  go("a");
  assert.equal(currentId(), "a");
});

test("a video is left when the person agrees; what leads away by itself can stay away", async () => {
  let losing = true;
  let asked = 0;
  let sure = false;
  guardLeaving(() => losing, async () => {
    asked += 1;
    return sure;
  });
  assert.equal(wouldAsk(), true);
  assert.equal(asked, 0);

  go("b");
  await until(() => asked === 1);
  assert.equal(currentId(), "a");
  sure = true;
  go("b");
  await until(() => currentId() === "b");

  losing = false;
  go("c");
  assert.equal(currentId(), "c");
  assert.equal(asked, 2);
});

test("another moment of the same video is not left", () => {
  guardLeaving(() => true, () => assert.fail("asked"));
  go(currentId(), { timeS: 3 });
  assert.match(window.location.search, /t=3/);
});
