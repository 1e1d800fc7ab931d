/**
 * Converts between frame numbers and the times a player shows. With the exact times of the frames it is exact. Without
 * them it interpolates linearly between the starts of the segments, whose frames and times are both known: in a film of
 * a variable rate that is an estimate, good enough to look at pictures and for no correction. Pure: knows no element of
 * the page.
 */
import { lastNotAfter } from "./frame-times.js";

/** A media element rounds times to microseconds: so much of a frame before its start it is already that frame. */
const ROUNDING_FRAMES = 0.01;

/** A player and the segments may tell the file's first and last instant apart by less than this. */
const EDGE_FRAMES = 0.5;

export class FrameClock {
  /**
   * @param {{start_frame: number, end_frame: number, start_s: number, end_s: number}[]} segments of one level
   * @param {FrameTimes | null} [exact] the times of all frames of the file, of which a part may be segmented
   */
  constructor(segments, exact = null) {
    const last = segments[segments.length - 1];
    this.frames = [...segments.map((segment) => segment.start_frame), last.end_frame];
    this.times = [...segments.map((segment) => segment.start_s), last.end_s];
    this.exact = exact;
  }

  /** Frames in a second, on average: sound without a picture has its own, of a tenth of a second. */
  get framesPerS() {
    const [first, last] = [0, this.frames.length - 1];
    return (this.frames[last] - this.frames[first]) / (this.times[last] - this.times[first]);
  }

  /** One past the last frame of the file, as far as it is known: the segments may end earlier. */
  get endFrame() {
    return this.exact?.count ?? Infinity;
  }

  /** Start of a frame, in seconds. */
  timeOf(frame) {
    return this.exact ? this.exact.timeOf(frame) : this.#between(this.frames, this.times, frame);
  }

  /** A time in the middle of a frame, which no rounding leads out of. */
  middleOf(frame) {
    return (this.timeOf(frame) + this.timeOf(frame + 1)) / 2;
  }

  /** Number of the frame that is shown at `timeS`: before the first it is the first, and so at the end. */
  frameAt(timeS) {
    return this.#inside(this.#frameOnLine(timeS), 1);
  }

  /**
   * The same, and null where nothing is segmented: only a part of a file may be.
   * @param {number} timeS
   * @param {number} fileEndS at its end, but not behind a part that is segmented, a player goes on showing the last frame
   */
  segmentedFrameAt(timeS, fileEndS) {
    const edgeS = EDGE_FRAMES / this.framesPerS;
    const endS = this.times[this.times.length - 1];
    const isBehind = this.#isBehind(timeS);
    if (timeS < this.times[0] - edgeS) return null;
    if (isBehind && Math.max(timeS, fileEndS) > endS + edgeS) return null;
    return this.frameAt(timeS);
  }

  /** Number of the frame whose start is nearest to `timeS`; the end counts as the start of one. */
  nearestFrame(timeS) {
    if (!this.exact) return this.#inside(Math.round(this.#between(this.times, this.frames, timeS)), 0);
    const frame = this.exact.frameAt(timeS);
    return this.#inside(timeS - this.timeOf(frame) < this.timeOf(frame + 1) - timeS ? frame : frame + 1, 0);
  }

  /** Whether `timeS` is not before the end of the last segment. */
  #isBehind(timeS) {
    const last = this.frames[this.frames.length - 1];
    return this.exact ? this.exact.hasBegun(last, timeS) : this.#frameOnLine(timeS) >= last;
  }

  /** Number of the frame at `timeS`, as if frames went on before the first segment and after the last. */
  #frameOnLine(timeS) {
    return this.exact ? this.exact.frameAt(timeS)
      : Math.floor(this.#between(this.times, this.frames, timeS) + ROUNDING_FRAMES);
  }

  #inside(frame, beforeEnd) {
    return Math.max(this.frames[0], Math.min(frame, this.frames[this.frames.length - 1] - beforeEnd));
  }

  /** The value of `to` that belongs to a value of `from`; before the first and after the last the line goes on. */
  #between(from, to, value) {
    const at = Math.min(lastNotAfter(from, value), from.length - 2);
    if (value === from[at]) return to[at];
    return to[at] + ((value - from[at]) * (to[at + 1] - to[at])) / (from[at + 1] - from[at]);
  }
}
