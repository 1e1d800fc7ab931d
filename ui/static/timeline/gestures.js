/**
 * Wheel and pointers on the timeline: the wheel zooms at the pointer, one pointer drags what is shown, two pinch it.
 * Does not know what is drawn there. Whoever wants a pointer for something else (the ruler, a handle) calls
 * `preventDefault` on its `pointerdown` before it reaches the surface.
 */
import { panBy, pinch } from "./mathematics.js";
import { zoom } from "./zoom.js";

/** Wheel units of one zoom step. One notch of a wheel is 100 to 120 units in most browsers, so a third of a step. */
const WHEEL_UNITS_PER_STEP = 320;

/** The same with Ctrl: browsers tell the pinching of a touch pad so, in smaller units. */
const PINCH_UNITS_PER_STEP = 100;

/** Wheel units of a line and of a page, for browsers that count in those. */
const UNITS_BY_MODE = [1, 40, 800];

/** A pointer that moves less presses; a finger is less steady than a mouse. */
const DRAG_FROM_PX = { mouse: 4, pen: 6, touch: 9 };

/** Fingers nearer than this count as so far apart. */
const LEAST_PINCH_PX = 24;

export class Gestures {
  /** @param {HTMLElement} surface the scrolling element */
  constructor(surface) {
    this.surface = surface;
    /** Pointers that are down: where they came down, and where they are, in px from the surface's left edge. */
    this.pointers = new Map();
    this.dragged = false;
    surface.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    surface.addEventListener("pointerdown", (event) => this.#down(event));
    surface.addEventListener("pointermove", (event) => this.#move(event));
    for (const type of ["pointerup", "pointercancel"]) {
      surface.addEventListener(type, (event) => this.#up(event));
    }
  }

  /** Whether a click is the end of a drag. One that a key or a screen reader makes is not. */
  isDrag(click) {
    return this.dragged && click.detail > 0;
  }

  /** Whether something is being dragged or pinched. */
  get isDragging() {
    return this.pointers.size > 0 && this.dragged;
  }

  #placeOf(event) {
    return event.clientX - this.surface.getBoundingClientRect().left;
  }

  /** On a page that scrolls the wheel zooms only with Ctrl, Alt or ⌘, so that the page can still be scrolled. */
  #wheel(event) {
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) return;
    const page = document.scrollingElement;
    const pageScrolls = page.scrollHeight > page.clientHeight + 1;
    if (pageScrolls && !(event.ctrlKey || event.altKey || event.metaKey)) return;
    event.preventDefault();
    const units = event.deltaY * UNITS_BY_MODE[event.deltaMode];
    zoom.by(-units / (event.ctrlKey ? PINCH_UNITS_PER_STEP : WHEEL_UNITS_PER_STEP), this.#placeOf(event));
  }

  #down(event) {
    if (event.defaultPrevented || event.button !== 0 || this.pointers.size === 2) return;
    if (this.pointers.size === 0) this.dragged = false;
    const placePx = this.#placeOf(event);
    this.pointers.set(event.pointerId, { fromPx: placePx, atPx: placePx });
    this.#rebase();
    if (this.pointers.size === 2) this.#begin();
  }

  /** What is shown now is what the pointers that are down move from now on. */
  #rebase() {
    this.view = zoom.view;
    for (const pointer of this.pointers.values()) pointer.fromPx = pointer.atPx;
  }

  /** From now on the pointers drag. They are captured: what lies under them may be drawn anew. */
  #begin() {
    this.dragged = true;
    this.surface.classList.add("dragging");
    for (const id of this.pointers.keys()) this.surface.setPointerCapture(id);
  }

  #move(event) {
    const pointer = this.pointers.get(event.pointerId);
    if (!pointer) return;
    pointer.atPx = this.#placeOf(event);
    const [one, other] = this.pointers.values();
    if (other) {
      zoom.show(pinch(this.view, zoom.bounds, [one.fromPx, other.fromPx], [one.atPx, other.atPx], LEAST_PINCH_PX));
      return;
    }
    const movedPx = one.atPx - one.fromPx;
    if (!this.dragged && Math.abs(movedPx) < (DRAG_FROM_PX[event.pointerType] ?? DRAG_FROM_PX.touch)) return;
    if (!this.surface.classList.contains("dragging")) this.#begin();
    zoom.show(panBy(this.view, zoom.bounds, movedPx));
  }

  #up(event) {
    if (!this.pointers.delete(event.pointerId)) return;
    if (this.pointers.size > 0) this.#rebase();
    else this.surface.classList.remove("dragging");
  }
}
