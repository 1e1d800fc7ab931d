/**
 * The timeline's zoom factor, and the conversion between times and pixels. Factor 1 shows the whole video. Knows no
 * element of the page: the timeline panel sets `viewPx` and applies `widthPx`.
 *
 * Events: `before` (with the anchor to keep in place, or null), then `change`.
 */
import { Emitter } from "../toolkit/emitter.js";
import { session } from "../video/session.js";

/** Factor of one zoom step. */
const STEP = 1.6;

/** Largest scale: a frame is then about 40 px wide, and more shows nothing new. */
const CLOSEST_PX_PER_S = 1000;

/** Largest width of the wide element: browsers limit elements to about 33 million px. */
const WIDEST_PX = 16_000_000;

class Zoom extends Emitter {
  constructor() {
    super();
    this.factor = 1;
    /** Width of the visible part. */
    this.viewPx = 1;
  }

  get spanS() {
    return Math.max(session.endS - session.startS, 1e-3);
  }

  /** Largest factor for this video and window. */
  get largestFactor() {
    return Math.max(1, Math.min(WIDEST_PX, this.spanS * CLOSEST_PX_PER_S) / this.viewPx);
  }

  get widthPx() {
    return this.viewPx * this.factor;
  }

  get pxPerS() {
    return this.widthPx / this.spanS;
  }

  /** Position of a time on the wide element. */
  toPx(seconds) {
    return (seconds - session.startS) * this.pxPerS;
  }

  /** Time at a position on the wide element. */
  toS(px) {
    return session.startS + px / this.pxPerS;
  }

  /**
   * Zoom by steps.
   * @param {number} steps positive: in, negative: out
   * @param {{anchorS: number, anchorPx: number} | null} [anchor] a time, and the position in the visible part where it
   *   stays; null: the timeline panel chooses
   */
  by(steps, anchor = null) {
    this.set(this.factor * STEP ** steps, anchor);
  }

  set(factor, anchor = null) {
    const wanted = Math.min(Math.max(factor, 1), this.largestFactor);
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
