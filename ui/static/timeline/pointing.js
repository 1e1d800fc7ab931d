/**
 * What pointers, clicks and the Enter key mean on the timeline: they tell about a segment, go to it, or open the
 * boundary with which it begins. Dragging and zooming are in gestures.js.
 */
import { setText, show } from "../toolkit/dom.js";
import { reachedByKeyboard } from "../toolkit/focus.js";
import { clock } from "../toolkit/format.js";
import { session } from "../video/session.js";
import { transport } from "../player/transport.js";
import { boundary } from "../results/boundary.js";
import { drawer } from "../results/drawer.js";
import { Gestures } from "./gestures.js";
import { boundaryReachS, nearestBoundary } from "./mathematics.js";
import { Tooltip } from "./tooltip.js";
import { zoom } from "./zoom.js";

/** How far from a boundary a press means it, by kind of pointer. */
const REACH_PX = { mouse: 6, pen: 8, touch: 20 };

export class Pointing {
  /**
   * @param {{scroller: HTMLElement, ruler: HTMLElement, pointer: HTMLElement, rows: any[]}} parts of the
   *   timeline; `pointer` is the line at the pointer, with the time in its first child
   */
  constructor({ scroller, ruler, pointer, rows }) {
    Object.assign(this, { scroller, ruler, pointer, rows });
    this.inner = scroller.firstElementChild;
    this.tooltip = new Tooltip();
    ruler.addEventListener("pointerdown", (event) => this.#scrub(event));
    this.gestures = new Gestures(scroller);
    scroller.addEventListener("pointermove", (event) => this.#hover(event));
    scroller.addEventListener("pointerleave", () => this.leave());
    scroller.addEventListener("click", (event) => this.#click(event));
    scroller.addEventListener("keydown", (event) => this.#key(event));
    scroller.addEventListener("focusin", (event) => this.#focused(event));
    scroller.addEventListener("focusout", () => this.tooltip.hide());
  }

  #timeAt(event) {
    return zoom.toS(event.clientX - this.inner.getBoundingClientRect().left);
  }

  #hover(event) {
    const time = this.#timeAt(event);
    const inside = time >= session.startS && time <= session.endS && event.pointerType !== "touch";
    show(this.pointer, inside);
    if (!inside) {
      this.tooltip.hide();
      return;
    }
    this.pointer.style.transform = `translateX(${zoom.toPx(time)}px)`;
    setText(this.pointer.firstElementChild, clock(time));
    const row = this.#rowOf(event.target);
    const segment = row?.segments[row.indexAt(time)];
    if (!segment || this.gestures.isDragging) this.tooltip.hide();
    else this.tooltip.showSegment(segment, event.clientX);
    const near = Boolean(segment) && this.#boundaryAt(row, time, event.pointerType) >= 0;
    this.scroller.classList.toggle("at-boundary", near);
  }

  /** Take away what is shown at the pointer. */
  leave() {
    show(this.pointer, false);
    this.tooltip.hide();
  }

  /** A segment's button that got the focus by keyboard tells what the pointer would. */
  #focused(event) {
    const cell = event.target.closest(".tl-segment");
    const segment = cell && this.#rowOf(cell)?.segments[Number(cell.dataset.index)];
    if (!segment || !reachedByKeyboard()) return;
    const { left, width } = cell.getBoundingClientRect();
    this.tooltip.showSegment(segment, left + width / 2);
  }

  #rowOf(target) {
    const element = target.closest?.(".tl-row");
    return this.rows.find((row) => row.element === element) ?? null;
  }

  /** Index of the boundary of a row that a press at `timeS` means; -1: none, the press means the segment. */
  #boundaryAt(row, timeS, pointerType) {
    const segment = row.segments[row.indexAt(timeS)];
    if (!segment) return -1;
    return nearestBoundary(row.segments, timeS, boundaryReachS(REACH_PX[pointerType] ?? REACH_PX.mouse, zoom.pxPerS,
      segment));
  }

  /**
   * A click on a boundary opens it. On a segment it seeks to its start, and while a boundary is open, opens that one
   * instead; on a curve or a still it seeks to the time at the pointer.
   */
  #click(event) {
    if (this.gestures.isDrag(event) || event.target === this.ruler) return;
    const row = this.#rowOf(event.target);
    const cell = event.target.closest(".tl-segment");
    // A click by keyboard or by a screen reader has no place.
    const byPointer = event.detail > 0;
    const time = byPointer ? this.#timeAt(event) : Number(cell?.dataset.start);
    if (!row) {
      if (byPointer && event.target.closest(".tl-inner")) transport.seek(time);
      return;
    }
    const meant = byPointer ? this.#boundaryAt(row, time, event.pointerType) : -1;
    const index = cell ? Number(cell.dataset.index) : row.indexAt(time);
    if (meant >= 0) boundary.open(row.level, meant);
    else if (index >= 0 && drawer.pane === "boundary") boundary.open(row.level, index);
    else if (index >= 0) transport.seek(row.segments[index].start_s);
    else transport.seek(time);
  }

  /** Enter on a segment opens the boundary with which it begins. */
  #key(event) {
    const cell = event.target.closest(".tl-segment");
    const row = cell && this.#rowOf(cell);
    if (event.key !== "Enter" || !row) return;
    event.preventDefault();
    boundary.open(row.level, Number(cell.dataset.index));
  }

  /** Seek to the pointer for as long as it is dragged along the ruler. */
  #scrub(event) {
    if (event.button !== 0) return;
    event.preventDefault(); // the surface would drag
    this.ruler.setPointerCapture(event.pointerId);
    const move = (moved) => transport.seek(this.#timeAt(moved));
    const end = () => {
      this.ruler.removeEventListener("pointermove", move);
      for (const type of ["pointerup", "pointercancel"]) this.ruler.removeEventListener(type, end);
    };
    this.ruler.addEventListener("pointermove", move);
    for (const type of ["pointerup", "pointercancel"]) this.ruler.addEventListener(type, end);
    move(event);
  }
}
