/**
 * What keys, buttons and menus do to the draft: the operations of `editing` on the selected boundary, on the chosen
 * segments, or at the playhead. Knows no element of the page but the dialog that asks for a name.
 */
import { isFirst, reachOf, seamsOf, startAt } from "../editing/draft.js";
import { editor } from "../editing/editor.js";
import { indexAt } from "../video/segments.js";
import { session } from "../video/session.js";
import { view } from "../video/view.js";
import { transport } from "../player/transport.js";
import { boundary } from "../results/boundary.js";
import { choice } from "../results/choice.js";
import { drawer } from "../results/drawer.js";
import { shownSegments, tuning } from "../results/tuning.js";
import { askName } from "./naming.js";

/** The frame that the player shows at a time; null where nothing is segmented. */
const shownAt = (timeS) => editor.clock.segmentedFrameAt(timeS, session.endS);

/** Start frame of the selected boundary of a level; null where it has none. */
const selectedOf = (level) => (boundary.level === level ? boundary.segment.start_frame : null);

/**
 * The boundary that is meant: the one of the chosen level that was selected when the command was given, without one that
 * at the playhead; where that has moved meanwhile, the one that is selected now.
 * @param {{timeS: number, level: string, selected: number | null}} asked
 * @returns {{level: string, frame: number} | null}
 */
function meant({ timeS, level, selected }) {
  const there = (frame) => frame !== null && startAt(editor.draft, level, frame);
  const frame = [selected ?? shownAt(timeS), selectedOf(level), shownAt(timeS)].find(there);
  return frame === undefined ? null : { level, frame };
}

/** Select the boundary at a frame; nothing is selected where there is none. */
export function selectFrame(level, frame) {
  boundary.select(level, shownSegments(level).findIndex((segment) => segment.start_frame === frame));
}

/** While a draft is open, going to a boundary selects it: what is done next means the one that is seen. */
transport.on("seek", (timeS) => {
  if (!editor.active) return;
  const frame = shownAt(timeS);
  if (frame === null) return;
  const selected = boundary.level === view.level && boundary.segment?.start_frame === frame;
  if (!selected && startAt(editor.draft, view.level, frame)) selectFrame(view.level, frame);
});

/** Open the draft; a try of other settings ends. @returns {Promise<boolean>} whether it is open */
export function startEditing() {
  if (!editor.active && tuning.open) tuning.close();
  return editor.begin();
}

/**
 * Do something that needs an open draft; editing begins by it, which may take a moment. `run` gets first what the person
 * saw when asking for it: the position of the player, the chosen level, and the selected boundary of that.
 */
function editing(run) {
  return async (...args) => {
    const asked = { timeS: transport.time, level: view.level, selected: selectedOf(view.level) };
    if (editor.active || await startEditing()) await run(asked, ...args);
  };
}

const NOTHING = "Select a boundary first: click it, or go there with [ and ].";

const NOT_SEGMENTED = "Nothing is segmented here: go to a part of the video that has segments.";

/** Do something to the boundary that is meant. */
function toMeant(run) {
  return editing((asked, ...args) => {
    const target = meant(asked);
    if (target) run(target, ...args);
    else editor.tell(shownAt(asked.timeS) === null ? NOT_SEGMENTED : NOTHING);
  });
}

/** Start a segment of the chosen level at the frame that is shown. */
export const splitHere = editing(({ timeS, level }) => {
  const frame = shownAt(timeS);
  if (frame === null) editor.tell(NOT_SEGMENTED);
  else if (editor.do({ op: "split", level, frame })) selectFrame(level, frame);
});

/** Join the chosen segments, or the segment of the boundary that is meant with the one before it. */
export const join = editing(() => {
  if (choice.several) {
    const { level, frames } = choice;
    if (seamsOf(editor.draft, level, frames).length === 0) {
      editor.tell("None of the chosen segments are neighbours: there is nothing to join.");
      return;
    }
    if (editor.do({ op: "join", level, frames: seamsOf(editor.draft, level, frames) })) selectFrame(level, frames[0]);
    return;
  }
  strike();
});

/** Take the boundary that is meant away: it is wrong. */
export const strike = toMeant(({ level, frame }) => editor.do({ op: "join", level, frames: [frame] }));

/** Confirm the boundary that is meant: it is right. */
export const confirm = toMeant(({ level, frame }) => editor.do({ op: "confirm", level, frame }));

/** Confirm the boundary that is meant, or take that back. */
export const toggleConfirmed = toMeant(({ level, frame }) => {
  const locked = startAt(editor.draft, level, frame)?.locked;
  editor.do({ op: locked ? "release" : "confirm", level, frame });
});

/** Move the boundary that is meant by so many frames; the player shows its first frame. */
export const nudge = toMeant(({ level, frame }, frames) => nudgeTo(level, frame, frame + frames));

/** The same by a second, forward (1) or back (-1), and by a frame where one is shown for longer. */
export const nudgeSecond = toMeant(({ level, frame }, direction) => {
  const to = editor.clock.nearestFrame(editor.clock.timeOf(frame) + direction);
  nudgeTo(level, frame, to === frame ? frame + direction : to);
});

function nudgeTo(level, frame, to) {
  if (isFirst(editor.draft, frame)) {
    editor.do({ op: "move", level, frame, to }); // refused, with the reason
    return;
  }
  const [lowest, highest] = reachOf(editor.draft, level, frame);
  moveTo(level, frame, Math.min(Math.max(to, lowest), highest), { nudge: true });
}

/** Move a boundary, and show the first frame after it. */
export function moveTo(level, frame, to, options = {}) {
  boundary.expect(to);
  const stands = editor.do({ op: "move", level, frame, to }, options) ? to : frame;
  selectFrame(level, stands);
  transport.seek(editor.clock.timeOf(stands));
}

/** Take the last step back, and show where it was; after a save, show the revisions, of which the one before is kept. */
export function undo() {
  if (editor.undoIsBeforeSave) drawer.open("revisions");
  const step = editor.steps[editor.steps.length - 1];
  editor.undo();
  if (step) showFrame(step.level, step.op === "join" ? step.frames[0] : step.frame);
}

/** Do the step again that was undone last, and show where that is. */
export function redo() {
  editor.redo();
  const step = editor.steps[editor.steps.length - 1];
  if (step) showFrame(step.level, step.op === "move" ? step.to : step.op === "join" ? step.frames[0] : step.frame);
}

function showFrame(level, frame) {
  view.choose(level);
  selectFrame(level, frame);
  transport.seek(editor.clock.timeOf(frame));
}

/** Ask for the name of a segment; without one, of the chosen level's that is selected, or that is at the playhead. */
export const rename = editing(async (asked, level = asked.level, place = -1) => {
  const segments = shownSegments(level);
  const selected = segments.findIndex((segment) => segment.start_frame === selectedOf(level));
  const segment = segments[[place, selected, indexAt(segments, asked.timeS)].find((index) => index >= 0)];
  if (!segment) return;
  if (level === "shot") {
    editor.tell("Shots have no names: choose scenes or chapters first.");
    return;
  }
  const title = await askName(level, segment);
  if (title !== null) editor.do({ op: "name", level, frame: segment.start_frame, title });
});
