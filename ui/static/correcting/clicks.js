/**
 * Clicks on segments of the list and of the timeline that mean something only while the result is corrected: a double
 * click names, a click with Shift chooses up to there; and the Enter key in the list, which names. All others are the
 * panels' own.
 */
import { indexAt } from "../video/segments.js";
import { session } from "../video/session.js";
import { editor } from "../editing/editor.js";
import { choice } from "../results/choice.js";
import { shownSegments } from "../results/tuning.js";
import { rename } from "./commands.js";

/** The segment that was clicked: {level, index}, or null. */
function segmentOf(event) {
  const element = event.target.closest?.(".segment");
  if (!element || !session.id) return null;
  // Rows of the list and cells of the timeline may have been drawn anew between two clicks: the time tells which it is.
  const { level, start } = element.dataset;
  return { level, index: indexAt(shownSegments(level), Number(start)) };
}

/** Add the listeners. Called once. */
export function installSegmentClicks() {
  document.addEventListener("click", (event) => {
    const clicked = event.shiftKey && editor.active ? segmentOf(event) : null;
    if (!clicked) return;
    event.preventDefault();
    event.stopPropagation();
    choice.extendTo(clicked.level, clicked.index);
  }, { capture: true });
  document.addEventListener("dblclick", (event) => {
    const clicked = editor.active ? segmentOf(event) : null;
    if (clicked) rename(clicked.level, clicked.index);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !editor.active || !event.target.closest?.(".segment-row")) return;
    const { level, index } = segmentOf(event);
    if (level === "shot") return; // it has no name: the list opens its boundary
    event.preventDefault();
    event.stopPropagation();
    rename(level, index);
  }, { capture: true });
}
