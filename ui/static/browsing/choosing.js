/**
 * How segments are chosen in the list and on the timeline: with Ctrl or on the mark one by one, with Shift up to there;
 * by key the focused one, or the one at the position.
 */
import { indexAt } from "../video/segments.js";
import { session } from "../video/session.js";
import { view } from "../video/view.js";
import { choice } from "../results/choice.js";
import { shownSegments } from "../results/tuning.js";
import { listing } from "./listing.js";

/**
 * The segment for which an element stands: {level, index}, or null.
 * @param {any} target
 */
export function segmentOf(target) {
  const element = target?.closest?.(".segment");
  if (!element || !session.id) return null;
  // Rows of the list and cells of the timeline may have been drawn anew between two clicks: the time tells which it is.
  const { level, start } = element.dataset;
  return { level, index: indexAt(shownSegments(level), Number(start)) };
}

/** Choose the focused segment, or the one of the chosen level at the position, or no longer. */
export function toggleFocused() {
  const focused = segmentOf(document.activeElement);
  if (focused) choice.toggle(focused.level, focused.index);
  else choice.toggleHere(view.level);
}

/** Choose up to a segment: in the list, what is listed between. */
export function extendTo(level, index, inList) {
  choice.extendTo(level, index, inList ? listing.places : undefined);
}

/** Add the listeners. Called once. */
export function installChoosing() {
  document.addEventListener("click", (event) => {
    const mark = event.target.closest?.(".segment-row .row-tick");
    if (!mark && !event.shiftKey && !event.ctrlKey && !event.metaKey) return;
    const clicked = choice.available ? segmentOf(event.target) : null;
    if (!clicked) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.shiftKey) extendTo(clicked.level, clicked.index, event.target.closest(".segment-row") !== null);
    else choice.toggle(clicked.level, clicked.index);
  }, { capture: true });
}
