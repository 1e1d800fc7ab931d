/** Leaving a video: who is asked, and what goes there by itself can know it before. */
import assert from "node:assert/strict";
import test from "node:test";

import { until } from "./browser.js";
import { currentId, currentView, go, guardLeaving, hrefOf, hrefOfView, onChange, openView, wouldAsk } from "../../../ui/static/toolkit/router.js";

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

test("a view is of no video, and a video's address names no view", () => {
  guardLeaving(() => false, () => assert.fail("asked"));
  go("a", { timeS: 2 });
  const changes = [];
  const stop = onChange((id) => changes.push(id));

  openView("cluster");
  openView("cluster");
  assert.deepEqual([currentView(), currentId()], ["cluster", null]);
  assert.equal(window.location.search, "?view=cluster");
  assert.equal(hrefOf("b"), "/?v=b");
  go(null);
  assert.deepEqual([currentView(), currentId()], [null, null]);
  assert.equal(hrefOfView("cluster"), "/?view=cluster");

  assert.deepEqual(changes, [null, null]);
  stop();
});

test("a view that is not known is none", () => {
  window.history.replaceState({}, "", "/?view=kitchen&v=a");
  assert.deepEqual([currentView(), currentId()], [null, "a"]);
});

test("a video that would lose something is asked about before a view is shown", async () => {
  let asked = 0;
  guardLeaving(() => true, async () => {
    asked += 1;
    return asked > 1;
  });
  openView("cluster");
  await until(() => asked === 1);
  assert.equal(currentView(), null);
  openView("cluster");
  await until(() => currentView() === "cluster");
});
