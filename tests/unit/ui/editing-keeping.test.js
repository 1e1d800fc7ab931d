/** Unsaved drafts in the browser's storage: kept, bounded in number, size and age, and harmless where it fails. */
import assert from "node:assert/strict";
import test from "node:test";

import { MemoryStorage } from "./browser.js";
import { forget, keep, kept, LARGEST_CHARACTERS, MOST_DRAFTS, OLDEST_MS } from "../../../ui/static/editing/keeping.js";

const STEP = { op: "split", level: "shot", frame: 50 };
const DRAFT = { revision: 3, steps: [STEP], note: "" };

test("a draft comes back with its revision, steps and note", () => {
  const storage = new MemoryStorage();
  assert.equal(keep(storage, "a", { ...DRAFT, note: "by ear" }, 1000), true);
  assert.deepEqual(kept(storage, "a", 2000), { ...DRAFT, note: "by ear", atMs: 1000 });
  assert.equal(kept(storage, "b", 2000), null);
});

test("a draft without steps, and one that is forgotten, are gone", () => {
  const storage = new MemoryStorage();
  keep(storage, "a", DRAFT);
  keep(storage, "a", { ...DRAFT, steps: [] });
  keep(storage, "b", DRAFT);
  forget(storage, "b");
  assert.equal(storage.length, 0);
});

test("the oldest drafts make room, other data of the page does not", () => {
  const storage = new MemoryStorage();
  storage.setItem("other", "data");
  for (let video = 0; video < MOST_DRAFTS + 3; video += 1) keep(storage, `video ${video}`, DRAFT, 1000 + video);
  assert.equal(storage.length, MOST_DRAFTS + 1);
  assert.equal(kept(storage, "video 2", 2000), null);
  assert.ok(kept(storage, "video 3", 2000));
});

test("a draft that is too old is not offered, one that is too large not kept", () => {
  const storage = new MemoryStorage();
  keep(storage, "a", DRAFT, 1000);
  assert.equal(kept(storage, "a", 1001 + OLDEST_MS), null);
  assert.equal(storage.length, 0);
  const steps = Array.from({ length: LARGEST_CHARACTERS / 20 }, () => STEP);
  assert.equal(keep(storage, "a", { ...DRAFT, steps }), false);
});

test("text that is no draft is none", () => {
  const storage = new MemoryStorage();
  for (const text of ["{", "null", "[]", '{"revision":1,"atMs":1,"note":"","steps":[{"op":"format"}]}']) {
    storage.setItem("scenestream.draft.a", text);
    assert.equal(kept(storage, "a", 2), null, text);
  }
});

test("storage that is full or switched off loses the keeping, nothing else", () => {
  const off = new Proxy({}, { get() { throw new Error("SecurityError"); } });
  assert.equal(keep(off, "a", DRAFT), false);
  assert.equal(kept(off, "a"), null);
  assert.equal(forget(off, "a"), false);
});
