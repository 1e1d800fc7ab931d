/** Operations on a draft: what each does at its level and at the others, and what holds after any of them. */
import assert from "node:assert/strict";
import test from "node:test";

import { reachOf, seamsOf, startAt } from "../../../ui/static/editing/draft.js";
import { apply, EditError, isStep, labelOf, TITLE_LENGTH } from "../../../ui/static/editing/steps.js";
import { film, framesOf, random } from "./film.js";

const refuses = (code, draft, step) => assert.throws(() => apply(draft, step),
  (error) => error instanceof EditError && error.code === code);

test("a draft tells what the segments tell", () => {
  const { draft } = film();
  assert.deepEqual(framesOf(draft, "scene"), [0, 200, 400]);
  const dissolve = startAt(draft, "shot", 300);
  assert.deepEqual([dissolve.kind, dissolve.fromFrame, dissolve.toFrame], ["dissolve", 290, 310]);
  assert.equal(draft.endFrame, 600);
});

test("a video without a picture has no shots to edit, and its boundaries are heard", () => {
  const { draft } = film({ shot: [] });
  assert.deepEqual(draft.levels, ["scene", "chapter"]);
  const parted = apply(draft, { op: "split", level: "scene", frame: 50 });
  assert.equal(startAt(parted, "scene", 50).kind, "audio");
  refuses("gone", draft, { op: "split", level: "shot", frame: 50 });
});

test("a scene that is split begins a shot as well, and no chapter", () => {
  const { draft } = film();
  const parted = apply(draft, { op: "split", level: "scene", frame: 250 });
  assert.deepEqual(framesOf(parted, "scene"), [0, 200, 250, 400]);
  assert.deepEqual(framesOf(parted, "shot"), [0, 100, 200, 250, 300, 400, 500]);
  assert.deepEqual(framesOf(parted, "chapter"), [0, 400]);
  assert.ok(startAt(parted, "shot", 250).locked);
});

test("a scene that is split where a shot begins takes over its transition", () => {
  const parted = apply(film().draft, { op: "split", level: "scene", frame: 300 });
  const { kind, fromFrame, toFrame, locked } = startAt(parted, "scene", 300);
  assert.deepEqual([kind, fromFrame, toFrame, locked], ["dissolve", 290, 310, true]);
  assert.equal(startAt(parted, "shot", 300).locked, false);
});

test("nothing is split at its first frame, past the end, or twice", () => {
  const { draft } = film();
  refuses("reach", draft, { op: "split", level: "shot", frame: 0 });
  refuses("reach", draft, { op: "split", level: "shot", frame: 600 });
  refuses("there", draft, { op: "split", level: "shot", frame: 100 });
});

test("a shot's start that moves takes the scene and the chapter on it along", () => {
  const moved = apply(film().draft, { op: "move", level: "shot", frame: 400, to: 410 });
  for (const level of ["shot", "scene", "chapter"]) assert.ok(startAt(moved, level, 410)?.locked);
  assert.deepEqual(framesOf(moved, "chapter"), [0, 410]);
});

test("a scene's start that moves a little takes its shot along", () => {
  const moved = apply(film().draft, { op: "move", level: "scene", frame: 200, to: 190 });
  assert.deepEqual(framesOf(moved, "shot"), [0, 100, 190, 300, 400, 500]);
});

test("a scene's start that moves onto another shot leaves the shots where they are", () => {
  const moved = apply(film().draft, { op: "move", level: "scene", frame: 200, to: 300 });
  assert.deepEqual(framesOf(moved, "scene"), [0, 300, 400]);
  assert.deepEqual(framesOf(moved, "shot"), [0, 100, 200, 300, 400, 500]);
  assert.equal(startAt(moved, "scene", 300).kind, "dissolve");
});

test("a scene's start that moves past a shot's adds a shot where it comes to stand", () => {
  const moved = apply(film().draft, { op: "move", level: "scene", frame: 200, to: 350 });
  assert.deepEqual(framesOf(moved, "shot"), [0, 100, 200, 300, 350, 400, 500]);
  assert.equal(startAt(moved, "scene", 350).kind, "cut");
});

test("a gradual transition that moves keeps its length", () => {
  const moved = apply(film().draft, { op: "move", level: "shot", frame: 300, to: 330 });
  const { kind, fromFrame, toFrame } = startAt(moved, "shot", 330);
  assert.deepEqual([kind, fromFrame, toFrame], ["dissolve", 320, 340]);
});

test("a boundary moves between its neighbours, and the first one not at all", () => {
  const { draft } = film();
  assert.deepEqual(reachOf(draft, "shot", 200), [101, 299]);
  assert.deepEqual(reachOf(draft, "chapter", 400), [1, 599]);
  refuses("reach", draft, { op: "move", level: "shot", frame: 200, to: 300 });
  refuses("first", draft, { op: "move", level: "scene", frame: 0, to: 10 });
  refuses("gone", draft, { op: "move", level: "scene", frame: 100, to: 110 });
  assert.equal(apply(draft, { op: "move", level: "shot", frame: 200, to: 200 }), draft);
});

test("joined shots are joined in the levels above, joined chapters stay scenes", () => {
  const { draft } = film();
  const shots = apply(draft, { op: "join", level: "shot", frames: [400] });
  for (const level of ["shot", "scene", "chapter"]) assert.equal(startAt(shots, level, 400), null);
  const chapters = apply(draft, { op: "join", level: "chapter", frames: [400] });
  assert.deepEqual(framesOf(chapters, "chapter"), [0]);
  assert.deepEqual(framesOf(chapters, "scene"), [0, 200, 400]);
});

test("several chosen segments become one, those that do not touch stay apart", () => {
  const { draft } = film();
  assert.deepEqual(seamsOf(draft, "shot", [100, 200, 300, 500]), [200, 300]);
  const joined = apply(draft, { op: "join", level: "shot", frames: [200, 300] });
  assert.deepEqual(framesOf(joined, "shot"), [0, 100, 400, 500]);
  assert.deepEqual(framesOf(joined, "scene"), [0, 400]);
});

test("the first segment has none before it to be joined with", () => {
  refuses("first", film().draft, { op: "join", level: "scene", frames: [0] });
  refuses("gone", film().draft, { op: "join", level: "scene", frames: [100] });
});

test("scenes and chapters have names, shots have none", () => {
  const { draft } = film();
  const named = apply(draft, { op: "name", level: "scene", frame: 200, title: "  The chase " });
  const { title, locked } = startAt(named, "scene", 200);
  assert.deepEqual([title, locked], ["The chase", true]);
  refuses("unnamed", draft, { op: "name", level: "shot", frame: 200, title: "x" });
  const long = apply(draft, { op: "name", level: "chapter", frame: 0, title: "x".repeat(999) });
  assert.equal(startAt(long, "chapter", 0).title.length, TITLE_LENGTH);
  assert.equal(startAt(long, "chapter", 0).locked, false);
  const cleared = apply(named, { op: "name", level: "scene", frame: 200, title: "" });
  assert.equal(startAt(cleared, "scene", 200).named, false);
});

test("a name that was given by hand outlives the boundary of its segment", () => {
  const named = apply(film().draft, { op: "name", level: "scene", frame: 200, title: "The chase" });
  const joined = apply(named, { op: "join", level: "scene", frames: [200] });
  assert.equal(startAt(joined, "scene", 0).title, "The chase");
});

test("what is right at a level is right below, what is uncertain is so above", () => {
  const { draft } = film();
  const right = apply(draft, { op: "confirm", level: "scene", frame: 400 });
  const locked = (some) => ["shot", "scene", "chapter"].map((level) => startAt(some, level, 400).locked);
  assert.deepEqual(locked(right), [true, true, false]);
  assert.equal(apply(right, { op: "confirm", level: "scene", frame: 400 }), right);
  assert.deepEqual(locked(apply(right, { op: "release", level: "shot", frame: 400 })), [false, false, false]);
  refuses("first", draft, { op: "confirm", level: "shot", frame: 0 });
});

test("stored data that is no step is told from steps", () => {
  assert.ok(isStep({ op: "move", level: "shot", frame: 1, to: 2 }));
  for (const wrong of [null, 7, {}, { op: "split", level: "shot" }, { op: "split", level: "reel", frame: 1 },
    { op: "move", level: "shot", frame: 1, to: "2" }, { op: "join", level: "shot", frames: [1.5] },
    { op: "name", level: "scene", frame: 1 }, { op: "toString", level: "shot", frame: 1 }]) {
    assert.equal(isStep(wrong), false, JSON.stringify(wrong));
  }
});

test("every step has a sentence", () => {
  const timeOf = (frame) => `#${frame}`;
  assert.equal(labelOf({ op: "move", level: "scene", frame: 2, to: 3 }, timeOf), "Move the scene’s start from #2 to #3");
  assert.equal(labelOf({ op: "join", level: "shot", frames: [2, 3] }, timeOf), "Join 3 shots");
  assert.equal(labelOf({ op: "name", level: "chapter", frame: 2, title: "One" }, timeOf),
    "Name the chapter at #2 “One”");
});

/** A step that could be one of a person's, right or wrong, near what is there. */
function anyStep(draft, dice) {
  const below = (count) => Math.floor(dice() * count);
  const level = draft.levels[below(draft.levels.length)];
  const starts = draft.starts[level];
  const { frame } = starts[below(starts.length)];
  const anywhere = below(draft.endFrame + 20) - 10;
  return [
    () => ({ op: "split", level, frame: anywhere }),
    () => ({ op: "move", level, frame, to: dice() < 0.5 ? frame + below(21) - 10 : anywhere }),
    () => ({ op: "join", level, frames: starts.slice(0, 1 + below(starts.length)).map((one) => one.frame).slice(-3) }),
    () => ({ op: "name", level, frame, title: ["", "One", "Two"][below(3)] }),
    () => ({ op: dice() < 0.5 ? "confirm" : "release", level, frame }),
  ][below(5)]();
}

/** The invariants: levels tile the video and are nested, each extent holds its start, nothing was changed in place. */
function check(draft, message) {
  let finer = null;
  for (const level of draft.levels) {
    const frames = framesOf(draft, level);
    assert.equal(frames[0], 0, message);
    assert.ok(frames.every((frame, place) => place === 0 || frame > frames[place - 1]), message);
    assert.ok(frames[frames.length - 1] < draft.endFrame, message);
    if (finer) assert.ok(frames.every((frame) => finer.has(frame)), message);
    for (const start of draft.starts[level]) {
      assert.ok(start.fromFrame >= 0 && start.fromFrame <= start.frame, message);
      assert.ok(start.toFrame >= start.frame && start.toFrame <= draft.endFrame, message);
      assert.ok(Object.isFrozen(start), message);
    }
    finer = new Set(frames);
  }
}

test("whatever is done, in whatever order, segments tile the video and levels are nested", () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const dice = random(seed);
    let { draft } = film(seed % 5 ? {} : { shot: [] });
    let done = 0;
    for (let turn = 0; turn < 120; turn += 1) {
      const step = anyStep(draft, dice);
      const before = JSON.stringify(draft);
      let made = draft;
      try {
        made = apply(draft, step);
        done += made !== draft;
      } catch (error) {
        assert.ok(error instanceof EditError, error.stack);
      }
      assert.equal(JSON.stringify(draft), before);
      check(made, `seed ${seed}, ${JSON.stringify(step)}`);
      draft = made;
    }
    assert.ok(done > 20, `seed ${seed}: ${done} steps were possible`);
  }
});
