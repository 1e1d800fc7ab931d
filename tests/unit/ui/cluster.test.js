/** What the view of the installation computes from the API's document. */
import assert from "node:assert/strict";
import test from "node:test";

import { advice, byNode, devicesText, framesPerS, framesPerSOf, historyOf, span, statesText, waitingText, workText }
  from "../../../ui/static/cluster/summary.js";

const actor = (number, node, state = "idle", more = {}) => ({ actor: `segmenter-${number}`, node, node_id: node && `id-${node}`,
  device: node && `cuda:${number}`, state, kind: null, chunk: null, frames_done: 0, since_s: 1, error: null, ...more });

const cluster = (actors, more = {}) => ({ pool: { actors, queued: 0 }, pool_detail: null, queues: [], ...more });

test("actors stand by node, in the order people count in; those without a node come last", () => {
  const groups = byNode([actor(10, "gpu-2"), actor(3, null, "lost"), actor(2, "gpu-10"), actor(9, "gpu-2")]);

  assert.deepEqual(groups.map(({ name }) => name), ["gpu-2", "gpu-10", ""]);
  assert.deepEqual(groups[0].actors.map((one) => one.actor), ["segmenter-9", "segmenter-10"]);
});

test("two nodes of one name stay two", () => {
  const groups = byNode([actor(0, "box", "idle", { node_id: "a" }), actor(1, "box", "idle", { node_id: "b" })]);

  assert.equal(groups.length, 2);
});

test("a state narrows the groups", () => {
  const groups = byNode([actor(0, "a", "working"), actor(1, "a"), actor(2, "b")], "working");

  assert.deepEqual(groups.map(({ name, actors }) => [name, actors.length]), [["a", 1]]);
});

test("states are counted in a fixed order, also one that is not known here", () => {
  assert.equal(statesText([actor(0, "a"), actor(1, "a", "working"), actor(2, "a"), actor(3, "a", "new")]),
    "1 working, 2 idle, 1 new");
});

test("frames a second are of the chunk in hand alone", () => {
  const works = actor(0, "a", "working", { frames_done: 300, since_s: 2 });

  assert.equal(framesPerS(works), 150);
  assert.equal(framesPerS({ ...works, state: "idle" }), null);
  assert.equal(framesPerS({ ...works, since_s: 0 }), null);
  assert.equal(framesPerSOf([works, works, actor(1, "a")]), 300);
});

test("devices are named up to four, then counted", () => {
  assert.equal(devicesText([actor(1, "a"), actor(0, "a"), actor(0, "a")]), "cuda:0, cuda:1");
  assert.equal(devicesText([0, 1, 2, 3, 4].map((number) => actor(number, "a"))), "5 devices");
});

test("work, lengths of time and numbers are said as people do", () => {
  assert.equal(workText({ kind: "chunk", chunk: 0 }), "chunk 0");
  assert.equal(workText({ kind: "fuse", chunk: null }), "fusion");
  assert.equal(workText({ kind: null, chunk: null }), "");
  assert.deepEqual([span(0.4), span(59.4), span(61)], ["0 s", "59 s", "1 min 01 s"]);
  assert.deepEqual([waitingText(9999), waitingText(10000)], ["9,999", "10,000+"]);
});

test("the history has its mean and its highest rate; a pool that tells none has none", () => {
  assert.deepEqual(historyOf({ history: { step_s: 60, frames_per_s: [0, 10, 20] } }),
    { rates: [0, 10, 20], stepS: 60, most: 20, mean: 10 });
  assert.equal(historyOf({ history: null }), null);
  assert.equal(historyOf(null), null);
});

test("nothing is advised while an actor can work", () => {
  assert.equal(advice(cluster([actor(0, "a"), actor(1, null, "lost")])), null);
  assert.equal(advice(cluster([actor(0, "a", "starting")])), null);
});

test("where none can, it is said what to do; only a pool without work is calm", () => {
  const titles = (found) => [found.title, found.calm];
  const waits = { queues: [{ work: "video", waiting: 1, running: 0 }] };

  assert.match(advice(cluster([], { pool: null, pool_detail: "It is gone." })).text, /It is gone\..*scenestream doctor/);
  assert.deepEqual(titles(advice(cluster([actor(0, null, "waiting")]))), ["No node has room for an actor", false]);
  assert.match(advice(cluster([actor(0, null, "lost", { error: "out of memory" })])).text, /out of memory/);
  assert.deepEqual(titles(advice(cluster([], waits))), ["There is no actor, and work waits", false]);
  assert.deepEqual(titles(advice(cluster([]))), ["There is no actor, and none is needed", true]);
  assert.equal(advice(cluster([], { queues: [{ work: "import", waiting: 3, running: 1 }] })).calm, true);
  // PostgreSQL is away: nobody knows whether something waits.
  assert.deepEqual(titles(advice(cluster([], { queues: null }))), ["There is no actor", false]);
});
