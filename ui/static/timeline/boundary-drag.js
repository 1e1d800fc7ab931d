/**
 * Drags boundaries along the rows of the timeline while the result is being corrected, by mouse, pen or finger. A
 * boundary snaps to whole frames, and to what is near: the playhead, and the starts of the finer levels. With Alt it
 * snaps to frames only. Does not know how rows are drawn.
 */
import { view } from "../video/view.js";
import { finerThan, reachOf, startAt } from "../editing/draft.js";
import { editor } from "../editing/editor.js";
import { transport } from "../player/transport.js";
import { boundary } from "../results/boundary.js";
import { moveTo, selectFrame } from "../correcting/commands.js";
import { shownSegments } from "../results/tuning.js";
import { DragView } from "./drag-view.js";
import { boundaryReachS, nearestBoundary } from "./mathematics.js";
import { zoom } from "./zoom.js";

/** How far from a boundary a pointer still takes it, and from where on it drags: a finger is less exact. */
const REACH_PX = { mouse: 6, pen: 8, touch: 18 };
const DRAG_FROM_PX = { mouse: 3, pen: 4, touch: 6 };

/** What is nearer than this attracts the boundary. */
const SNAP_PX = 6;

const ofPointer = (table, event) => table[event.pointerType] ?? table.touch;

export class BoundaryDrag {
  /** @param {HTMLElement} inner the wide element that holds the rows */
  constructor(inner) {
    this.inner = inner;
    this.view = new DragView();
    this.held = null;
    document.body.append(this.view.element);
    inner.addEventListener("pointerdown", (event) => this.#down(event));
    inner.addEventListener("pointermove", (event) => this.#move(event));
    inner.addEventListener("pointerup", (event) => this.#up(event));
    inner.addEventListener("pointercancel", () => this.#cancel());
    inner.addEventListener("click", (event) => this.#click(event), { capture: true });
    document.addEventListener("keydown", (event) => this.#key(event), { capture: true });
  }

  #timeAt(event) {
    return zoom.toS(event.clientX - this.inner.getBoundingClientRect().left);
  }

  /** The boundary under the pointer: {level, frame}, or null. */
  #under(event) {
    const row = event.target.closest?.(".tl-row");
    if (!editor.active || !row) return null;
    const { level } = row.dataset;
    const segments = shownSegments(level);
    const timeS = this.#timeAt(event);
    const nearest = nearestBoundary(segments, timeS, ofPointer(REACH_PX, event) / zoom.pxPerS);
    if (nearest < 0) return null;
    const { start_s: startS, start_frame: frame } = segments[nearest];
    const beside = segments[timeS < startS ? nearest - 1 : nearest];
    const selected = boundary.level === level && boundary.segment?.start_frame === frame;
    const reachS = boundaryReachS(ofPointer(REACH_PX, event), zoom.pxPerS, beside);
    return selected || Math.abs(timeS - startS) <= reachS ? { level, frame } : null;
  }

  #down(event) {
    this.dragged = false;
    if (event.button !== 0 || this.held || editor.saving !== "idle") return;
    const under = this.#under(event);
    if (!under) return;
    event.preventDefault(); // the surface would drag the view
    const offsetS = this.#timeAt(event) - editor.clock.timeOf(under.frame);
    this.held = { ...under, offsetS, fromX: event.clientX, to: under.frame, pointerId: event.pointerId };
    view.choose(under.level);
    selectFrame(under.level, under.frame);
    this.inner.setPointerCapture(event.pointerId);
  }

  #move(event) {
    if (!this.held) {
      this.inner.classList.toggle("on-boundary", this.#under(event) !== null);
      return;
    }
    if (event.pointerId !== this.held.pointerId) return;
    const movedPx = Math.abs(event.clientX - this.held.fromX);
    if (!this.dragged && movedPx < ofPointer(DRAG_FROM_PX, event)) return;
    this.dragged = true;
    const { level, frame } = this.held;
    if (!startAt(editor.done, level, frame)) {
      this.#cancel(); // somebody else's result has come, in which it is not there
      return;
    }
    this.held.to = this.#snapped(this.#timeAt(event) - this.held.offsetS, event.altKey);
    boundary.expect(this.held.to);
    editor.try({ op: "move", level, frame, to: this.held.to });
    const row = this.inner.getBoundingClientRect();
    const x = row.left + zoom.toPx(editor.clock.timeOf(this.held.to));
    this.view.show(this.held.to, x, window.innerHeight - row.top + 6);
  }

  /** The frame for a time: within reach, and what is near attracts it. */
  #snapped(timeS, exact) {
    const { level, frame } = this.held;
    const { done: draft, clock } = editor;
    const [lowest, highest] = reachOf(draft, level, frame);
    const inside = (some) => Math.min(Math.max(some, lowest), highest);
    if (exact) return inside(clock.nearestFrame(timeS));
    const finer = finerThan(draft, level)[0];
    const marks = finer ? draft.starts[finer].map((start) => start.frame).filter((each) => each !== frame) : [];
    const here = clock.frameAt(transport.time);
    if (here !== frame) marks.push(here);
    const near = marks.map((each) => clock.timeOf(each))
      .filter((each) => Math.abs(each - timeS) * zoom.pxPerS <= SNAP_PX)
      .sort((one, other) => Math.abs(one - timeS) - Math.abs(other - timeS));
    return inside(clock.nearestFrame(near[0] ?? timeS));
  }

  #up(event) {
    if (event.pointerId !== this.held?.pointerId) return;
    const { level, frame, to } = this.held;
    this.#end();
    if (this.dragged) moveTo(level, frame, to);
  }

  /** The boundary goes back to where it was. */
  #cancel() {
    if (!this.held) return;
    const { level, frame } = this.held;
    this.#end();
    boundary.expect(frame);
    editor.try(null);
  }

  #end() {
    this.held = null;
    this.view.hide();
  }

  #key(event) {
    if (event.key !== "Escape" || !this.held) return;
    event.preventDefault();
    event.stopPropagation();
    this.#cancel();
  }

  /** The end of a drag is no click on the segment below. */
  #click(event) {
    if (!this.dragged || event.detail === 0) return;
    this.dragged = false;
    event.preventDefault();
    event.stopPropagation();
  }
}
