/** The keys that correct the result, in the form of the table in keys.js. Those without a draft begin one. */
import { editor } from "../editing/editor.js";
import { choice } from "../results/choice.js";
import { confirm, join, nudge, nudgeSecond, redo, rename, splitHere, strike, undo } from "../correcting/commands.js";
import { toggleEditing } from "../correcting/bar.js";

const usable = () => editor.active || editor.available;
const active = () => editor.active;
/** While the draft is being opened, what is done to it waits for it. */
const begun = () => editor.active || editor.opening !== null;

export const EDITING = [
  { keys: ["E"], does: "Correct boundaries by hand, or leave that", once: true, when: usable,
    on: { e: () => toggleEditing() } },
  { keys: ["S"], does: "Start a segment of the chosen level here", once: true, when: usable,
    on: { s: () => splitHere() } },
  { keys: ["Delete"], does: "Join with the segment before", once: true, when: begun,
    on: { Delete: () => join(), Backspace: () => join() } },
  { keys: ["Shift ↑", "Shift ↓"], does: "Choose several segments, to join them", when: begun, on: {
    "Shift+ArrowUp": () => choice.step(-1), "Shift+ArrowDown": () => choice.step(1) } },
  { keys: ["Alt ←", "Alt →"], does: "Move the boundary by a frame, with Shift by a second", when: begun, on: {
    "Alt+ArrowLeft": () => nudge(-1), "Alt+ArrowRight": () => nudge(1),
    "Alt+Shift+ArrowLeft": () => nudgeSecond(-1), "Alt+Shift+ArrowRight": () => nudgeSecond(1) } },
  { keys: ["F2"], does: "Name the scene or chapter", once: true, when: usable, on: { F2: () => rename() } },
  { keys: ["R", "W"], does: "The boundary is right, or wrong", once: true, when: usable, on: { r: () => confirm(),
    w: () => strike() } },
  { keys: ["Ctrl Z", "Ctrl Shift Z"], does: "Undo, redo", when: active, on: { "Mod+z": () => undo(),
    "Mod+Shift+z": () => redo(), "Mod+y": () => redo() } },
  { keys: ["Ctrl S"], does: "Save the corrections", once: true, when: active, typing: true,
    on: { "Mod+s": () => editor.save() } },
];
