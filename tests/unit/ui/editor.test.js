/** The open draft: what becomes of it, and of what is kept of it, when results come, late or in the wrong order. */
import assert from "node:assert/strict";
import test from "node:test";

import { problem, serve, until } from "./browser.js";
import { session } from "../../../ui/static/video/session.js";
import { editor } from "../../../ui/static/editing/editor.js";
import { kept } from "../../../ui/static/editing/keeping.js";
import { transport } from "../../../ui/static/player/transport.js";
import { boundary } from "../../../ui/static/results/boundary.js";
import { confirm, nudge, splitHere } from "../../../ui/static/correcting/commands.js";
import { view } from "../../../ui/static/video/view.js";
import { trueTimes } from "../../../ui/static/video/true-times.js";
import { film, frameTimes, framesOf, FPS } from "./film.js";

const MOVE = { op: "move", level: "scene", frame: 200, to: 250 };
const SPLIT = { op: "split", level: "shot", frame: 50 };
const WITHOUT_200 = { shot: [0, 100, 300, 400, 500], scene: [0, 400] };
let videos = 0;

/** Open a video with this result. */
function shown(starts = {}, durationS = 24) {
  videos += 1;
  editor.discard();
  session.close();
  session.reset(`video ${videos}`);
  session.abort = new AbortController();
  session.emit("opened", session.id);
  session.video = { id: session.id, state: "done", revision: 1, media: { start_s: 0, duration_s: durationS, fps: FPS } };
  arrive(1, starts);
}

/** Open a video with this result, and its draft. */
async function opened(starts = {}, durationS = 24) {
  shown(starts, durationS);
  serve(() => Response.json(frameTimes()));
  assert.equal(await editor.begin(), true);
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

test("while steps are refused, they and what is done beside them are kept in the browser", async () => {
  await opened();
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

test("refused steps are done on the next result if it takes them, else asked about again", async () => {
  await opened();
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

test("a video is not left in silence while nothing but refused steps is unsaved", async () => {
  await opened();
  assert.deepEqual([editor.dirty, editor.atStake], [false, 0]);
  editor.do(MOVE);
  arrive(2, WITHOUT_200);
  assert.deepEqual([editor.unsaved, editor.atStake, editor.dirty], [0, 1, true]);
  editor.acceptRefused();
  assert.equal(editor.dirty, false);
});

test("a boundary is neither set nor confirmed at the playhead where nothing is segmented", async () => {
  await opened({}, 60);
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
  await opened();
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
  await opened();
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
  await opened();
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

/** Answers to the questions for times of frames, which a test gives when it wants. */
function heldTimes() {
  const waiting = [];
  serve((address) => {
    assert.match(address, /\/frames(\?|$)/);
    return new Promise((resolve) => waiting.push(resolve));
  });
  return waiting;
}

test("editing begins when the times of the frames are there, and does what was asked for where the player was", async () => {
  shown();
  view.choose("shot");
  transport.seek(2);
  const waiting = heldTimes();
  const split = splitHere();
  await until(() => waiting.length === 1);
  assert.deepEqual([editor.active, editor.opening !== null], [false, true]);
  transport.seek(7);
  editor.begin();
  waiting[0](Response.json(frameTimes()));
  await split;
  assert.equal(waiting.length, 1, "the times are asked for once");
  assert.deepEqual([editor.active, editor.opening, editor.steps], [true, null, [SPLIT]]);
});

test("without the times nothing is corrected; the person is told why, and tries again", async () => {
  shown();
  const waiting = heldTimes();
  const begun = editor.begin();
  await until(() => waiting.length === 1);
  waiting[0](problem(409, "conflict"));
  assert.equal(await begun, false);
  assert.deepEqual([editor.active, editor.opening], [false, null]);
  assert.match(editor.problem, /exact time of every frame.*conflict/);

  const again = editor.begin();
  assert.equal(editor.problem, "");
  await until(() => waiting.length === 2);
  waiting[1](Response.json(frameTimes()));
  assert.equal(await again, true);
});

test("times that are not those of the result are refused", async () => {
  shown();
  serve(() => Response.json(frameTimes(599)));
  assert.equal(await editor.begin(), false);
  assert.match(editor.problem, /just been changed/);
});

test("with another video the times of the one before are of no use, also if they come late", async () => {
  shown();
  const waiting = heldTimes();
  const begun = editor.begin();
  await until(() => waiting.length === 1);
  shown();
  waiting[0](Response.json(frameTimes()));
  assert.equal(await begun, false);
  assert.deepEqual([editor.active, editor.problem, trueTimes.times], [false, "", null]);
});

test("times in parts are joined", async () => {
  shown();
  const asked = [];
  serve((address) => {
    asked.push(address.split("/").pop());
    const part = asked.length - 1;
    return Response.json({ ...frameTimes(), first_frame: part * 200, first_pts: part * 200, runs: [[1, 200]],
      next_frame: part < 2 ? (part + 1) * 200 : null });
  });
  assert.equal(await editor.begin(), true);
  assert.deepEqual(asked, ["frames", "frames?from_frame=200", "frames?from_frame=400"]);
  assert.equal(editor.clock.timeOf(599), 599 / FPS);
});

test("a result of another stream takes the draft over when the times of its frames are there", async () => {
  await opened();
  editor.do(SPLIT);
  const waiting = heldTimes();
  session.segments = film({ endFrame: 700 }).segments;
  session.segmentsRevision = 2;
  session.emit("segments");
  await until(() => waiting.length === 1);
  assert.deepEqual([editor.revision, trueTimes.times], [1, null]);
  waiting[0](Response.json(frameTimes(700)));
  await until(() => editor.revision === 2);
  assert.deepEqual(editor.steps, [SPLIT]);
  assert.equal(editor.clock.exact.count, 700);
});

test("of a video that is analysed anew the times are not those of before", async () => {
  await opened();
  assert.ok(trueTimes.times);
  session.segments = { chapter: [], scene: [], shot: [] };
  session.provisional = true;
  session.emit("segments");
  assert.equal(trueTimes.times, null);
  trueTimes.wish();
  assert.equal(trueTimes.loading, null);
});

test("of a video that is deleted while its draft is being opened none is opened", async () => {
  shown();
  const waiting = heldTimes();
  const begun = editor.begin();
  await until(() => waiting.length === 1);
  session.missing = new Error("deleted");
  session.close();
  session.emit("missing", session.missing);
  waiting[0](Response.json(frameTimes()));
  assert.equal(await begun, false);
  assert.deepEqual([editor.active, editor.opening, editor.problem], [false, null, ""]);
});

test("a command that waits for the draft means the boundary and the level of when it was given", async () => {
  shown();
  view.choose("shot");
  boundary.select("shot", 1);
  const waiting = heldTimes();
  const right = confirm();
  await until(() => waiting.length === 1);
  boundary.select("shot", 3);
  const moved = nudge(1);
  const further = nudge(1);
  transport.seek(2);
  const split = splitHere();
  view.choose("scene");
  waiting[0](Response.json(frameTimes()));
  await Promise.all([right, moved, further, split]);
  assert.deepEqual(editor.steps, [{ op: "confirm", level: "shot", frame: 100 },
    { op: "move", level: "shot", frame: 300, to: 302 }, SPLIT]);
});

test("parts of two analyses are not joined", async () => {
  shown();
  for (const other of [{ frames: 601 }, { first_pts: 201 }, { time_base: [1, 50] }, { first_frame: 201 }]) {
    const parts = [{ ...frameTimes(), runs: [[1, 200]], next_frame: 200 },
      { ...frameTimes(), first_frame: 200, first_pts: 200, runs: [[1, 400]], ...other }];
    serve(() => Response.json(parts.shift()));
    assert.equal(await editor.begin(), false, JSON.stringify(other));
    assert.match(editor.problem, /just been changed/);
  }
});
