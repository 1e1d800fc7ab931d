/** Undo and redo, what is sent, what becomes of a draft on another revision, and what the panels are shown. */
import assert from "node:assert/strict";
import test from "node:test";

import { changedLevels, correctionOf } from "../../../ui/static/editing/correction.js";
import { draftOf } from "../../../ui/static/editing/draft.js";
import { FrameClock } from "../../../ui/static/video/frame-clock.js";
import { begin, perform, present, redo, stepsOf, undo } from "../../../ui/static/editing/history.js";
import { rebase } from "../../../ui/static/editing/rebase.js";
import { segmentsOf } from "../../../ui/static/editing/shown.js";
import { apply } from "../../../ui/static/editing/steps.js";
import { film, framesOf, FPS } from "./film.js";

const SPLIT = { op: "split", level: "shot", frame: 50 };
const NAME = { op: "name", level: "scene", frame: 200, title: "The chase" };
const JOIN = { op: "join", level: "shot", frames: [300] };
const MOVE = { op: "move", level: "shot", frame: 100, to: 110 };

const after = (draft, ...steps) => steps.reduce(apply, draft);

test("steps are undone to the first and done again to the last, each draft as it was", () => {
  let history = begin(film().draft);
  const drafts = [present(history)];
  for (const step of [SPLIT, NAME, JOIN, MOVE]) {
    history = perform(history, step);
    drafts.push(present(history));
  }
  for (const draft of drafts.slice(0, -1).reverse()) {
    history = undo(history);
    assert.equal(present(history), draft);
  }
  assert.equal(undo(history).done.length, 0);
  for (const draft of drafts.slice(1)) {
    history = redo(history);
    assert.equal(present(history), draft);
  }
  assert.deepEqual(stepsOf(redo(history)), [SPLIT, NAME, JOIN, MOVE]);
});

test("a new step takes the place of those that were undone", () => {
  const history = perform(undo(perform(begin(film().draft), SPLIT)), JOIN);
  assert.deepEqual(stepsOf(history), [JOIN]);
  assert.equal(history.undone.length, 0);
});

test("a step that changes nothing is no step", () => {
  const history = begin(film().draft);
  assert.equal(perform(history, { op: "move", level: "shot", frame: 100, to: 100 }), history);
});

test("nudges that follow each other are one step, and none where they come back", () => {
  const nudge = (history, frame, to) => perform(history, { op: "move", level: "scene", frame, to }, { nudge: true });
  let history = nudge(nudge(begin(film().draft), 200, 201), 201, 202);
  assert.deepEqual(stepsOf(history), [{ op: "move", level: "scene", frame: 200, to: 202 }]);
  history = nudge(nudge(history, 202, 201), 201, 200);
  assert.equal(history.done.length, 0);
});

test("a scene nudged across a shot's start leaves the shots as they were", () => {
  const { draft } = film({ shot: [0, 200, 202, 400], scene: [0, 200], chapter: [0] });
  let history = begin(draft);
  for (let frame = 200; frame < 204; frame += 1) {
    history = perform(history, { op: "move", level: "scene", frame, to: frame + 1 }, { nudge: true });
  }
  assert.deepEqual(framesOf(present(history), "scene"), [0, 204]);
  assert.deepEqual(framesOf(present(history), "shot"), [0, 200, 202, 204, 400]);
});

test("only levels that have changed are sent, and of each start what is new", () => {
  const { draft } = film();
  const named = after(draft, NAME);
  assert.deepEqual(changedLevels(draft, named), ["scene"]);
  assert.deepEqual(correctionOf(draft, named, " by ear "), { note: "by ear", scenes: [
    { start_frame: 200, title: "The chase", locked: true }, { start_frame: 400 }] });
  assert.equal(correctionOf(draft, draft), null);
});

test("a moved transition is sent with its extent, a confirmed one with its lock alone", () => {
  const { draft } = film();
  const moved = after(draft, { op: "move", level: "shot", frame: 300, to: 310 },
    { op: "confirm", level: "shot", frame: 500 });
  assert.deepEqual(correctionOf(draft, moved).shots.slice(2), [
    { start_frame: 310, kind: "dissolve", from_frame: 300, to_frame: 320, locked: true },
    { start_frame: 400 }, { start_frame: 500, locked: true }]);
});

test("the name of the first segment, a name and a lock taken away are sent", () => {
  const { draft } = film();
  const first = after(draft, { op: "name", level: "chapter", frame: 0, title: "One" });
  assert.deepEqual(correctionOf(draft, first).chapters, [{ start_frame: 0, title: "One" }, { start_frame: 400 }]);
  const named = after(draft, NAME);
  const cleared = after(named, { ...NAME, title: "" }, { op: "release", level: "scene", frame: 200 });
  assert.deepEqual(correctionOf(named, cleared).scenes[0], { start_frame: 200, title: "", locked: false });
});

test("steps are done again on what somebody else has saved; those that do not apply are told", () => {
  const { draft } = film();
  const theirs = after(draft, { op: "join", level: "shot", frames: [200] }, SPLIT, JOIN);
  const { history, refused } = rebase(theirs, [SPLIT, NAME, JOIN, MOVE]);
  assert.deepEqual(stepsOf(history), [MOVE]);
  assert.deepEqual(refused.map(({ step }) => step), [NAME]);
  assert.match(refused[0].reason, /not? .*boundary/i);
  assert.ok(framesOf(present(history), "shot").includes(110));
});

test("a boundary that somebody else has moved to the same place is no conflict", () => {
  const { draft } = film();
  const { history, refused } = rebase(after(draft, MOVE), [MOVE]);
  assert.deepEqual([history.done.length, refused.length], [0, 0]);
});

test("steps that build on one that does not apply do not apply either", () => {
  const { draft } = film();
  const theirs = after(draft, { op: "join", level: "shot", frames: [100] });
  const { refused } = rebase(theirs, [MOVE, { op: "move", level: "shot", frame: 110, to: 120 }]);
  assert.equal(refused.length, 2);
});

test("frames and times belong together at any start and at a variable frame rate", () => {
  const clock = new FrameClock([{ start_frame: 0, end_frame: 100, start_s: 1.4, end_s: 5.4 },
    { start_frame: 100, end_frame: 110, start_s: 5.4, end_s: 6.4 }]);
  for (let frame = 0; frame < 110; frame += 1) {
    assert.equal(clock.frameAt(clock.timeOf(frame)), frame);
    assert.equal(clock.frameAt(clock.timeOf(frame) + 0.03), frame);
    assert.equal(clock.nearestFrame(clock.timeOf(frame) - 0.004), frame);
  }
  assert.equal(clock.framesPerS, 110 / 5);
  assert.deepEqual([clock.frameAt(0), clock.frameAt(9), clock.nearestFrame(9)], [0, 109, 110]);
  assert.ok(Math.abs(clock.timeOf(105) - 5.9) < 1e-9);
});

test("a time has a segmented frame within the segments, with half a frame of play at the ends of the file", () => {
  const part = new FrameClock([{ start_frame: 250, end_frame: 500, start_s: 10, end_s: 20 }]);
  const frames = (fileEndS, times) => times.map((timeS) => part.segmentedFrameAt(timeS, fileEndS));
  assert.deepEqual(frames(60, [0, 9.97, 9.99, 10, 15, 19.97]), [null, null, 250, 250, 375, 499]);
  assert.deepEqual(frames(60, [20, 20.000001, 20.01, 30, 60]), [null, null, null, null, null]);
  assert.deepEqual(frames(20, [20, 20.000001]), [499, 499]);
  assert.deepEqual(frames(20.01, [20, 20.01, 20.03]), [499, 499, null]);
});

test("a draft is shown as segments; those that have not changed are the result's own", () => {
  const { draft, segments, clock } = film();
  const edited = after(draft, SPLIT, NAME, { op: "join", level: "scene", frames: [400] });
  const shown = segmentsOf(edited, draft, segments, clock);
  assert.deepEqual(shown.shot.map(({ start_frame: frame }) => frame), framesOf(edited, "shot"));
  for (const list of Object.values(shown)) {
    assert.deepEqual(list.map(({ index }) => index), list.map((_, place) => place));
    assert.ok(list.every(({ end_frame: end }, place) => end === (list[place + 1]?.start_frame ?? 600)));
  }
  assert.equal(shown.shot[1].start_s, 50 / FPS);
  assert.equal(shown.scene[1].title, "The chase");
  assert.equal(shown.scene[1].start_boundary.locked, true);
  assert.deepEqual(shown.chapter.map(({ end_frame: end }) => end), [600]);
  assert.equal(shown.shot[6].label, segments.shot[5].label);
  assert.deepEqual(segmentsOf(draft, draft, segments, clock).shot.map(({ start_s: time }) => time),
    segments.shot.map(({ start_s: time }) => time));
});

test("an automatic title goes along with the start that is moved", () => {
  const { segments, clock } = film();
  Object.assign(segments.scene[1], { title: "Harbour", title_source: "speech" });
  const draft = draftOf(segments, clock);
  const shown = segmentsOf(after(draft, { op: "move", level: "shot", frame: 200, to: 210 }), draft, segments, clock);
  assert.deepEqual([shown.scene[1].title, shown.scene[1].title_source], ["Harbour", "speech"]);
  const split = segmentsOf(after(draft, { op: "split", level: "scene", frame: 300 }), draft, segments, clock);
  assert.equal(split.scene[2].title, null);
});

test("a segment that has grown looks like the one that has the most of it", () => {
  const { draft, segments, clock } = film();
  const shown = segmentsOf(after(draft, { op: "move", level: "shot", frame: 100, to: 20 }), draft, segments, clock);
  assert.equal(shown.shot[1].label, "shot 1");
  assert.equal(shown.shot[0].label, "shot 0");
});

test("each segment names the coarser one that it is part of", () => {
  const { draft, segments, clock } = film();
  const shown = segmentsOf(after(draft, { op: "split", level: "chapter", frame: 100 }), draft, segments, clock);
  assert.deepEqual(shown.shot.map(({ parent }) => parent), [0, 1, 2, 2, 3, 3]);
  assert.deepEqual(shown.scene.map(({ parent }) => parent), [0, 1, 1, 2]);
});
