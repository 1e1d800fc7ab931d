/**
 * Which part of the video the timeline shows. The timeline is a wide element in a scrolling one: zooming sets
 * how wide, the browser does the rest. This module knows the numbers, not the elements.
 *
 * Events: `before` (the anchor that was given, or null), then `change`.
 */
import { Emitter } from "../toolkit/emitter.js";
import { session } from "../video/session.js";

const STEP = 1.6;

/** A frame is then some 40 pixels wide; closer shows nothing more. */
const CLOSEST_PX_PER_S = 1000;

/** Browsers cut the size of elements at some 33 million pixels. */
const WIDEST_PX = 16_000_000;

class Zoom extends Emitter {
  constructor() {
    super();
    this.factor = 1;
    this.viewPx = 1;
  }

  get spanS() {
    return Math.max(session.endS - session.startS, 1e-3);
  }

  get widest() {
    return Math.max(1, Math.min(WIDEST_PX, this.spanS * CLOSEST_PX_PER_S) / this.viewPx);
  }

  get widthPx() {
    return this.viewPx * this.factor;
  }

  get pxPerS() {
    return this.widthPx / this.spanS;
  }

  /** Place of a time on the wide element. */
  toPx(seconds) {
    return (seconds - session.startS) * this.pxPerS;
  }

  /** Time at a place on the wide element. */
  toS(px) {
    return session.startS + px / this.pxPerS;
  }

  /**
   * Zoom by steps, keeping a time where it is.
   * @param {number} steps positive: closer
   * @param {{anchorS: number, anchorPx: number} | null} [anchor] null: the timeline chooses the playhead
   */
  by(steps, anchor = null) {
    this.set(this.factor * STEP ** steps, anchor);
  }

  set(factor, anchor = null) {
    const wanted = Math.min(Math.max(factor, 1), this.widest);
    if (wanted === this.factor) return;
    this.emit("before", anchor);
    this.factor = wanted;
    this.emit("change");
  }

  fit() {
    this.set(1);
  }
}

export const zoom = new Zoom();
