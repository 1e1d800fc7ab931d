/**
 * What part of the video the timeline shows, and the conversion between times and pixels. Factor 1 shows the whole
 * video. Knows no element of the page: the timeline panel sets the width of the visible part and applies the view.
 *
 * Events: `change` (another factor), `scroll` (another part at the same factor).
 */
import { Emitter } from "../toolkit/emitter.js";
import { session } from "../video/session.js";
import { transport } from "../player/transport.js";
import { clampView, zoomAt } from "./mathematics.js";

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
    /** Left edge of the visible part on the wide element. */
    this.scrollPx = 0;
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

  get view() {
    return { factor: this.factor, scrollPx: this.scrollPx };
  }

  get bounds() {
    return { viewPx: this.viewPx, largestFactor: this.largestFactor };
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

  /** Take over another width of the visible part; the time at its left edge stays. */
  resize(viewPx) {
    this.scrollPx *= viewPx / this.viewPx;
    this.viewPx = viewPx;
  }

  /**
   * Zoom by steps.
   * @param {number} steps positive: in, negative: out
   * @param {number | null} [anchorPx] the place in the visible part that keeps its time; null: that of the playhead
   *   where it is visible, else the middle
   */
  by(steps, anchorPx = null) {
    const playheadPx = this.toPx(transport.time) - this.scrollPx;
    const visible = playheadPx >= 0 && playheadPx <= this.viewPx;
    const placePx = anchorPx ?? (visible ? playheadPx : this.viewPx / 2);
    this.show(zoomAt(this.view, this.bounds, this.factor * STEP ** steps, placePx));
  }

  /** Show the whole video. */
  fit() {
    this.show({ factor: 1, scrollPx: 0 });
  }

  /** @param {{factor: number, scrollPx: number}} view */
  show(view) {
    const { factor, scrollPx } = clampView(view, this.bounds);
    const before = this.view;
    this.factor = factor;
    this.scrollPx = scrollPx;
    if (factor !== before.factor) this.emit("change");
    else if (scrollPx !== before.scrollPx) this.emit("scroll");
  }
}

export const zoom = new Zoom();
