/** What corrected videos have taught, in words. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { score, summary } from "../../../ui/static/library/learned.js";

const FOUND = { changed: { scene_sensitivity: 0.6 }, before: 0.5, after: 0.875, held_out: 0.75, complete: true };

test("agreement has two digits", () => {
  assert.equal(score(1), "1.00");
  assert.equal(score(0.875), "0.88");
});

test("it tells what was gained, and what videos gain from each other", () => {
  assert.match(summary(FOUND), /0\.50 before, 0\.88 with these settings/);
  assert.match(summary(FOUND), /others alone teach: 0\.75/);
});

test("of one video it says that more would tell more", () => {
  const text = summary({ ...FOUND, held_out: null });
  assert.match(text, /More corrected videos/);
  assert.doesNotMatch(text, /time limit/);
});

test("a search that was ended says so, and promises nothing of others", () => {
  const text = summary({ ...FOUND, held_out: null, complete: false });
  assert.match(text, /time limit/);
  assert.doesNotMatch(text, /More corrected videos/);
});

test("where nothing comes nearer it says so", () => {
  assert.match(summary({ ...FOUND, changed: {} }), /^No other settings come nearer .*0\.50 of 1/);
});
