/**
 * Keyboard shortcuts of the whole page, in one table: the help shows it, the keys run it. The keys belong to the film,
 * unless something is being typed or an element that was reached by keyboard needs them (key-rules.js).
 */
import { reachedByKeyboard } from "../toolkit/focus.js";
import { session } from "../video/session.js";
import { view } from "../video/view.js";
import { transport } from "../player/transport.js";
import { boundary } from "../results/boundary.js";
import { choice } from "../results/choice.js";
import { drawer } from "../results/drawer.js";
import { toggleFocused } from "../browsing/choosing.js";
import { zoom } from "../timeline/zoom.js";
import { EDITING } from "./edit-keys.js";
import { keepsKey, nameOfKey } from "./key-rules.js";

const SECOND_S = 1;
const SKIP_S = 5;

const skip = (seconds) => transport.seek(transport.time + seconds);

/**
 * `keys`: how the help writes them; `on`: what each does, by the name that key-rules.js gives it; `once`: holding the
 * key does not repeat it; `when`: whether it means anything at the moment; `typing`: also while something is typed.
 */
export const SHORTCUTS = [
  { keys: ["Space"], does: "Play or pause", once: true, on: { " ": () => transport.toggle(),
    k: () => transport.toggle() } },
  { keys: ["←", "→"], does: "One frame back or forward", on: { ArrowLeft: () => transport.stepFrames(-1),
    ArrowRight: () => transport.stepFrames(1), ",": () => transport.stepFrames(-1),
    ".": () => transport.stepFrames(1) } },
  { keys: ["Shift ←", "Shift →"], does: "One second back or forward", on: {
    "Shift+ArrowLeft": () => skip(-SECOND_S), "Shift+ArrowRight": () => skip(SECOND_S) } },
  { keys: ["J", "L"], does: "Five seconds back or forward", on: { j: () => skip(-SKIP_S), l: () => skip(SKIP_S) } },
  { keys: ["[", "]"], does: "Previous or next boundary of the chosen level", on: { "[": () => transport.step(-1),
    "]": () => transport.step(1) } },
  { keys: ["1", "2", "3"], does: "Choose chapters, scenes or shots", once: true, on: {
    1: () => view.choose("chapter"), 2: () => view.choose("scene"),
    3: () => !session.soundOnly && view.choose("shot") } },
  { keys: ["Enter"], does: "Show the boundary of the segment here", once: true,
    on: { Enter: () => boundary.openHere() } },
  { keys: ["X"], does: "Choose the segment here, to cut, export or join it, or let it go", once: true,
    when: () => choice.available, on: { x: () => toggleFocused() } },
  { keys: ["N"], does: "Show the next doubtful boundary", once: true, on: { n: () => boundary.openDoubtful() } },
  { keys: ["Esc"], does: "Close the drawer", once: true, when: () => drawer.pane !== null,
    on: { Escape: () => drawer.open(null) } },
  { keys: ["+", "−", "0"], does: "Zoom in, zoom out, show all", on: { "+": () => zoom.by(1), "=": () => zoom.by(1),
    "-": () => zoom.by(-1), "−": () => zoom.by(-1), 0: () => zoom.fit() } },
  { keys: ["Home", "End"], does: "To the beginning or the end", on: { Home: () => transport.seek(session.startS),
    End: () => transport.seek(session.endS) } },
  ...EDITING,
];

const COMMANDS = new Map(SHORTCUTS.flatMap((shortcut) => Object.entries(shortcut.on)
  .map(([name, run]) => [name, { ...shortcut, run }])));

/** What key-rules.js needs to know about the focused element. */
function describe(target) {
  const dialog = document.querySelector("dialog[open]") !== null;
  if (!(target instanceof Element)) return { tag: "body", dialog, byKeyboard: false };
  const control = target.closest("input, textarea, select, button, a, summary, label") ?? target;
  return {
    tag: control.tagName.toLowerCase(),
    type: control.getAttribute("type")?.toLowerCase() ?? "",
    role: control.getAttribute("role"),
    dialog,
    editable: target.closest("[contenteditable]") !== null,
    drawer: target.closest(".drawer") !== null,
    segment: target.closest(".segment") !== null,
    byKeyboard: reachedByKeyboard(),
  };
}

/** The command of a key, or null where the key is not the film's. */
function commandOf(event) {
  if (event.defaultPrevented || !session.id || session.missing) return null;
  const command = COMMANDS.get(nameOfKey(event));
  if (!command || command.when?.() === false) return null;
  const focused = describe(event.target);
  const kept = command.typing ? focused.dialog : keepsKey(focused, event.key);
  return kept ? null : command;
}

/** Add the listeners. Called once. */
export function installKeys() {
  document.addEventListener("keydown", (event) => {
    const command = commandOf(event);
    if (!command) return;
    event.preventDefault();
    if (!event.repeat || !command.once) command.run();
  });
  // Firefox presses a button when Space comes up again, whatever became of the key's going down.
  document.addEventListener("keyup", (event) => event.key === " " && commandOf(event) && event.preventDefault());
  // A menu that was chosen from by pointer would keep the keys.
  document.addEventListener("change", (event) => {
    if (event.target instanceof HTMLSelectElement && !reachedByKeyboard()) event.target.blur();
  });
}
