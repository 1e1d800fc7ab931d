/** Which still stands for a shot that has none, or whose own did not come. */
import assert from "node:assert/strict";
import test from "node:test";

import { stillOf } from "../../../ui/static/timeline/stills.js";

const urlOf = ({ url }) => url;
const shots = (...urls) => urls.map((url) => ({ url }));
const none = new Set();

test("a shot shows its own still", () => {
  assert.deepEqual(stillOf(shots("a", "b"), 1, urlOf, none), { url: "b", lentBy: null });
});

test("a shot without one takes that of the nearest earlier shot, else of a later one", () => {
  assert.deepEqual(stillOf(shots("a", "b", null, "d"), 2, urlOf, none), { url: "b", lentBy: 1 });
  assert.deepEqual(stillOf(shots(null, null, "c"), 0, urlOf, none), { url: "c", lentBy: 2 });
  assert.equal(stillOf(shots(null, null), 1, urlOf, none), null);
});

test("one that did not come is not asked for again", () => {
  assert.deepEqual(stillOf(shots("a", "b"), 1, urlOf, new Set(["b"])), { url: "a", lentBy: 0 });
  assert.equal(stillOf(shots("a"), 0, urlOf, new Set(["a"])), null);
});

test("a still from far away stands for nothing here", () => {
  const far = [{ url: "a" }, ...shots(...Array(40).fill(null))];
  assert.equal(stillOf(far, 40, urlOf, none), null);
});
