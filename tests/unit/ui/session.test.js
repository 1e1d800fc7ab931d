/** Of two readings of the segments at a time the one that was begun last counts, however each ends. */
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";

import { problem, serve } from "./browser.js";
import { session } from "../../../ui/static/video/session.js";

const PAGE = { items: [], state: "final", revision: 2, next_cursor: null };
const lost = () => problem(410, "result_lost");
const found = () => Response.json(PAGE);

/** Answers that are held: one function for each reading of all levels, in the order of their beginning. */
let readings;

beforeEach(() => {
  session.reset("film");
  session.abort = new AbortController();
  session.video = { id: "film", state: "done", revision: 2 };
  readings = [];
  serve(() => new Promise((resolve) => {
    readings.push(resolve);
  }));
});

/** Begin a reading; gives what answers it. */
function begin() {
  const before = readings.length;
  const ended = session.loadSegments();
  const asked = readings.slice(before);
  return (answer) => {
    for (const resolve of asked) resolve(answer());
    return ended;
  };
}

test("a result that an earlier reading missed is there when a later one has found it", async () => {
  const [earlier, later] = [begin(), begin()];
  await later(found);
  await earlier(lost);
  assert.equal(session.resultLost, false);
  assert.equal(session.segmentsRevision, 2);
});

test("a result that a later reading misses stays lost when an earlier one comes in with it", async () => {
  const [earlier, later] = [begin(), begin()];
  await later(lost);
  await earlier(found);
  assert.equal(session.resultLost, true);
});
