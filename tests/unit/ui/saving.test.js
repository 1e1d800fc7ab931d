/** The name under which a file of the API is saved. */
import assert from "node:assert/strict";
import test from "node:test";

import "./browser.js";
import { nameIn } from "../../../ui/static/api/saving.js";

test("the name with all its letters counts, else the plain one", () => {
  assert.equal(nameIn("attachment; filename=\"na_ve.edl\"; filename*=UTF-8''na%C3%AFve.edl"), "naïve.edl");
  assert.equal(nameIn('attachment; filename="film.csv"'), "film.csv");
  assert.equal(nameIn("attachment; filename=\"film.csv\"; filename*=UTF-8''100%.csv"), "film.csv");
  assert.equal(nameIn(null), "");
});
