/** Keyboard shortcuts of the whole page. They do not act in text fields, menus and dialogs, which need the keys. */
import { session } from "../video/session.js";
import { view } from "../video/view.js";
import { transport } from "../player/transport.js";
import { zoom } from "../timeline/zoom.js";

/** The list that the help shows; the handlers are below. */
export const SHORTCUTS = [
  { keys: ["Space"], does: "Play or pause" },
  { keys: ["←", "→"], does: "Previous or next boundary of the chosen level" },
  { keys: [",", "."], does: "One frame back or forward" },
  { keys: ["J", "L"], does: "Five seconds back or forward" },
  { keys: ["1", "2", "3"], does: "Choose chapters, scenes or shots" },
  { keys: ["+", "−", "0"], does: "Zoom in, zoom out, show all" },
  { keys: ["Home", "End"], does: "To the beginning or the end" },
];

const SKIP_S = 5;

const HANDLERS = {
  " ": () => transport.toggle(),
  k: () => transport.toggle(),
  ArrowLeft: () => transport.step(-1),
  ArrowRight: () => transport.step(1),
  ",": () => transport.stepFrames(-1),
  ".": () => transport.stepFrames(1),
  j: () => transport.seek(transport.time - SKIP_S),
  l: () => transport.seek(transport.time + SKIP_S),
  1: () => view.choose("chapter"),
  2: () => view.choose("scene"),
  3: () => !session.soundOnly && view.choose("shot"),
  "+": () => zoom.by(1),
  "=": () => zoom.by(1),
  "-": () => zoom.by(-1),
  "−": () => zoom.by(-1),
  0: () => zoom.fit(),
  Home: () => transport.seek(session.startS),
  End: () => transport.seek(session.endS),
};

/** Whether the focused element needs the key itself. */
function usesKey(target, key) {
  if (!(target instanceof Element)) return false;
  if (target.closest("dialog, textarea, select, [contenteditable]")) return true;
  const input = target.closest("input");
  if (input) return input.type !== "range" || key.startsWith("Arrow") || key === "Home" || key === "End";
  // Space presses a button. On a segment it plays, as on the rest of the page; Enter seeks to the segment.
  return key === " " && target.closest("button, a, summary, label") !== null
    && target.closest(".segment") === null;
}

/** Add the listener. Called once. */
export function installKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !session.id || session.missing) return;
    const handler = HANDLERS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!handler || usesKey(event.target, event.key)) return;
    event.preventDefault();
    handler();
  });
}
