/** The open draft: what becomes of it, and of what is kept of it, when results come, late or in the wrong order. */
import assert from "node:assert/strict";
import test from "node:test";

import { problem, serve, until } from "./browser.js";
import { session } from "../../../ui/static/video/session.js";
import { editor } from "../../../ui/static/editing/editor.js";
import { kept } from "../../../ui/static/editing/keeping.js";
import { transport } from "../../../ui/static/player/transport.js";
import { confirm, splitHere } from "../../../ui/static/correcting/commands.js";
import { view } from "../../../ui/static/video/view.js";
import { film, framesOf, FPS } from "./film.js";

const MOVE = { op: "move", level: "scene", frame: 200, to: 250 };
const SPLIT = { op: "split", level: "shot", frame: 50 };
const WITHOUT_200 = { shot: [0, 100, 300, 400, 500], scene: [0, 400] };
let videos = 0;

/** Open a video with this result, and its draft. */
function opened(starts = {}, durationS = 24) {
  videos += 1;
  editor.discard();
  session.close();
  session.reset(`video ${videos}`);
  session.abort = new AbortController();
  session.emit("opened", session.id);
  session.video = { id: session.id, state: "done", revision: 1, media: { start_s: 0, duration_s: durationS, fps: FPS } };
  arrive(1, starts);
  editor.begin();
  assert.ok(editor.active);
}

/** The session has read another result. */
function arrive(revision, starts = {}) {
  session.segments = film(starts).segments;
  session.provisional = false;
  session.segmentsRevision = revision;
  session.emit("segments");
}

const keptSteps = () => kept(window.localStorage, session.id)?.steps;
const refusedSteps = () => editor.refused.map(({ step }) => step);

test("while steps are refused, they and what is done beside them are kept in the browser", () => {
  opened();
  editor.do(MOVE);
  arrive(2, WITHOUT_200);
  assert.deepEqual(refusedSteps(), [MOVE]);
  assert.deepEqual(keptSteps(), [MOVE]);
  editor.do(SPLIT);
  assert.deepEqual(keptSteps(), [SPLIT, MOVE]);
  editor.undo();
  assert.deepEqual(keptSteps(), [MOVE]);
  editor.acceptRefused();
  assert.equal(keptSteps(), undefined);
});

test("refused steps are done on the next result if it takes them, else asked about again", () => {
  opened();
  editor.do(MOVE);
  arrive(2, WITHOUT_200);
  editor.do(SPLIT);
  arrive(3, WITHOUT_200);
  assert.deepEqual([editor.steps, refusedSteps()], [[SPLIT], [MOVE]]);
  assert.deepEqual(keptSteps(), [SPLIT, MOVE]);
  arrive(4);
  assert.deepEqual([editor.steps, refusedSteps()], [[SPLIT, MOVE], []]);
  assert.deepEqual(framesOf(editor.draft, "scene"), [0, 250, 400]);
});

test("a video is not left in silence while nothing but refused steps is unsaved", () => {
  opened();
  assert.deepEqual([editor.dirty, editor.atStake], [false, 0]);
  editor.do(MOVE);
  arrive(2, WITHOUT_200);
  assert.deepEqual([editor.unsaved, editor.atStake, editor.dirty], [0, 1, true]);
  editor.acceptRefused();
  assert.equal(editor.dirty, false);
});

test("a boundary is neither set nor confirmed at the playhead where nothing is segmented", () => {
  opened({}, 60);
  view.choose("shot");
  for (const behindS of [24, 30]) {
    transport.seek(behindS);
    for (const command of [splitHere, confirm]) {
      editor.tell("");
      command();
      assert.match(editor.message, /Nothing is segmented here/);
    }
  }
  assert.deepEqual(editor.steps, []);
  transport.seek(2);
  splitHere();
  assert.deepEqual(editor.steps, [SPLIT]);
});

/** The API's page of a level's segments of a revision. */
const page = (address, revision, starts) => {
  const level = new URL(address, "http://scenestream.test").searchParams.get("level");
  return new Response(JSON.stringify({ items: film(starts).segments[level], state: "final", revision,
    next_cursor: null }));
};

test("of two readings of the segments the one that was begun last is shown, in whatever order they come", async () => {
  opened();
  const waiting = [];
  serve((address) => new Promise((resolve) => {
    waiting.push((revision) => resolve(page(address, revision, revision === 2 ? WITHOUT_200 : {})));
  }));
  const older = session.loadSegments();
  await until(() => waiting.length === 3);
  const newer = session.loadSegments();
  await until(() => waiting.length === 6);

  waiting.slice(3).forEach((answer) => answer(2));
  await newer;
  assert.equal(session.segmentsRevision, 2);
  waiting.slice(0, 3).forEach((answer) => answer(1));
  await older;
  assert.equal(session.segmentsRevision, 2);
  assert.equal(session.segments.scene.length, 2);
});

test("a reading that is overtaken by none is shown although a later one has begun", async () => {
  opened();
  const waiting = [];
  serve((address) => new Promise((resolve) => {
    waiting.push((revision) => resolve(page(address, revision)));
  }));
  const older = session.loadSegments();
  await until(() => waiting.length === 3);
  const newer = session.loadSegments();
  await until(() => waiting.length === 6);

  waiting.slice(0, 3).forEach((answer) => answer(5));
  await older;
  assert.equal(session.segmentsRevision, 5);
  waiting.slice(3).forEach((answer) => answer(6));
  await newer;
  assert.equal(session.segmentsRevision, 6);
});

test("after a 412 the segments are read again, although those of this revision seem to be there", async () => {
  opened();
  editor.do(MOVE);
  session.loadedRevision = "done:2"; // its segments were read, and an older answer has come after them
  serve((address, { method = "GET" }) => {
    if (method === "PUT") return problem(412, "precondition_failed");
    if (address.includes("/segments")) return page(address, 2, { shot: [0, 100, 200, 300, 400, 450, 500] });
    if (address.includes("/signals")) return problem(404);
    return new Response(JSON.stringify({ ...session.video, revision: 2 }));
  });

  await editor.save();
  await until(() => editor.revision === 2);
  assert.deepEqual(editor.steps, [MOVE]);
  assert.match(editor.message, /Somebody else has saved revision 2/);
  assert.equal(framesOf(editor.draft, "shot").includes(450), true);
});
