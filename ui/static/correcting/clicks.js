/**
 * What a double click on a segment of the list or of the timeline, and the Enter key in the list, mean only while the
 * result is corrected: they name it. All others are the panels' own.
 */
import { editor } from "../editing/editor.js";
import { segmentOf } from "../browsing/choosing.js";
import { rename } from "./commands.js";

/** Add the listeners. Called once. */
export function installSegmentClicks() {
  document.addEventListener("dblclick", (event) => {
    const clicked = editor.active ? segmentOf(event.target) : null;
    if (clicked) rename(clicked.level, clicked.index);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !editor.active || !event.target.closest?.(".segment-row")) return;
    const { level, index } = segmentOf(event.target);
    if (level === "shot") return; // it has no name: the list opens its boundary
    event.preventDefault();
    event.stopPropagation();
    rename(level, index);
  }, { capture: true });
}
