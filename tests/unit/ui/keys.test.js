/** The keys belong to the film, unless something is being typed or an element was reached by keyboard. */
import assert from "node:assert/strict";
import test from "node:test";

import { hasModifier, keepsKey, nameOfKey } from "../../../ui/static/frame/key-rules.js";

const FILM_KEYS = [" ", "Enter", "ArrowLeft", "ArrowRight", "[", "]", "1", "n", "Home", "Escape"];
const kept = (focused) => FILM_KEYS.filter((key) => keepsKey(focused, key));
const clicked = (tag, more = {}) => ({ tag, byKeyboard: false, ...more });
const reached = (tag, more = {}) => ({ tag, byKeyboard: true, ...more });

test("what is typed into keeps every key", () => {
  for (const focused of [clicked("textarea"), clicked("input", { type: "search" }), clicked("input"),
    clicked("div", { editable: true }), clicked("select"), clicked("button", { dialog: true })]) {
    assert.deepEqual(kept(focused), FILM_KEYS);
  }
});

test("while a dialog is open no key is the film's, not even after a click beside it", () => {
  assert.deepEqual(kept(clicked("body", { dialog: true })), FILM_KEYS);
});

test("a click takes no key from the film", () => {
  for (const focused of [clicked("body"), clicked("div"), clicked("button"), clicked("button", { role: "tab" }),
    clicked("summary"), clicked("a"), clicked("button", { segment: true }), clicked("input", { type: "range" }),
    clicked("input", { type: "checkbox" })]) {
    assert.deepEqual(kept(focused), []);
  }
});

test("a control that was reached by keyboard can be used by keyboard", () => {
  assert.deepEqual(kept(reached("button")), [" ", "Enter"]);
  assert.deepEqual(kept(reached("summary")), [" ", "Enter"]);
  assert.deepEqual(kept(reached("button", { role: "tab" })), [" ", "Enter", "ArrowLeft", "ArrowRight"]);
  assert.deepEqual(kept(reached("input", { type: "range" })), ["ArrowLeft", "ArrowRight", "Home"]);
  assert.deepEqual(kept(reached("input", { type: "checkbox" })), [" "]);
});

test("on a segment Space plays", () => {
  assert.deepEqual(kept(reached("button", { segment: true })), ["Enter"]);
});

test("a slider of the drawer keeps the arrows after a click, so that it can be set finely", () => {
  assert.deepEqual(kept(clicked("input", { type: "range", drawer: true })), ["ArrowLeft", "ArrowRight", "Home"]);
});

test("letters are small, and Shift counts for arrows alone", () => {
  assert.equal(nameOfKey({ key: "N", shiftKey: true }), "n");
  assert.equal(nameOfKey({ key: "+", shiftKey: true }), "+");
  assert.equal(nameOfKey({ key: "ArrowLeft", shiftKey: true }), "Shift+ArrowLeft");
  assert.equal(nameOfKey({ key: "ArrowLeft", shiftKey: false }), "ArrowLeft");
  assert.equal(nameOfKey({ key: "Enter", shiftKey: true }), "Enter");
});

test("with Ctrl, ⌘ or Alt a key has another name, in which Shift counts", () => {
  const named = (key, more) => nameOfKey({ key, getModifierState: () => false, ...more });
  assert.equal(named("z", { ctrlKey: true }), "Mod+z");
  assert.equal(named("Z", { metaKey: true, shiftKey: true }), "Mod+Shift+z");
  assert.equal(named("ArrowLeft", { altKey: true }), "Alt+ArrowLeft");
  assert.equal(nameOfKey({ key: "[", ctrlKey: true, altKey: true, getModifierState: () => true }), "[");
});

test("a key with Ctrl, ⌘ or Alt is told from a bracket typed by AltGr", () => {
  const event = (held, more) => ({ ctrlKey: false, metaKey: false, altKey: false, ...more,
    getModifierState: (name) => held.includes(name) });
  assert.equal(hasModifier(event([], {})), false);
  for (const modifier of ["ctrlKey", "metaKey", "altKey"]) assert.equal(hasModifier(event([], { [modifier]: true })), true);
  assert.equal(hasModifier(event(["AltGraph"], { ctrlKey: true, altKey: true })), false);
});
