/** The keys that correct the result, in the form of the table in keys.js. Those without a draft begin one. */
import { editor } from "../editing/editor.js";
import { choice } from "../results/choice.js";
import { confirm, join, nudge, redo, rename, splitHere, strike, undo } from "../correcting/commands.js";
import { toggleEditing } from "../correcting/bar.js";

const usable = () => editor.active || editor.available;
const active = () => editor.active;

/** A second's frames, for the larger step. */
const secondOfFrames = () => Math.max(1, Math.round(editor.clock.framesPerS));

export const EDITING = [
  { keys: ["E"], does: "Correct boundaries by hand, or leave that", once: true, when: usable,
    on: { e: () => toggleEditing() } },
  { keys: ["S"], does: "Start a segment of the chosen level here", once: true, when: usable,
    on: { s: () => splitHere() } },
  { keys: ["Delete"], does: "Join with the segment before", once: true, when: active,
    on: { Delete: () => join(), Backspace: () => join() } },
  { keys: ["Shift ↑", "Shift ↓"], does: "Choose several segments, to join them", when: active, on: {
    "Shift+ArrowUp": () => choice.step(-1), "Shift+ArrowDown": () => choice.step(1) } },
  { keys: ["Alt ←", "Alt →"], does: "Move the boundary by a frame, with Shift by a second", when: active, on: {
    "Alt+ArrowLeft": () => nudge(-1), "Alt+ArrowRight": () => nudge(1),
    "Alt+Shift+ArrowLeft": () => nudge(-secondOfFrames()), "Alt+Shift+ArrowRight": () => nudge(secondOfFrames()) } },
  { keys: ["F2"], does: "Name the scene or chapter", once: true, when: usable, on: { F2: () => rename() } },
  { keys: ["R", "W"], does: "The boundary is right, or wrong", once: true, when: usable, on: { r: () => confirm(),
    w: () => strike() } },
  { keys: ["Ctrl Z", "Ctrl Shift Z"], does: "Undo, redo", when: active, on: { "Mod+z": () => undo(),
    "Mod+Shift+z": () => redo(), "Mod+y": () => redo() } },
  { keys: ["Ctrl S"], does: "Save the corrections", once: true, when: active, typing: true,
    on: { "Mod+s": () => editor.save() } },
];
