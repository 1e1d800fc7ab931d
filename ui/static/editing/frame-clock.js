/**
 * Converts between frame numbers and the times a player shows, by linear interpolation between the starts of the
 * segments, whose frames and times are both known. At a constant frame rate this is exact. At a variable one a time
 * inside a segment is an estimate: the server, which has every frame's timestamp, gives the exact one with the saved
 * result. Pure: knows no element of the page.
 */

/** A media element rounds times to microseconds: so much of a frame before its start it is already that frame. */
const ROUNDING_FRAMES = 0.01;

/** A player and the segments may tell the file's first and last instant apart by less than this. */
const EDGE_FRAMES = 0.5;

/** Index of the last of the sorted values that is not greater than `value`; 0 where all are. */
function lastNotAfter(sorted, value) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

export class FrameClock {
  /** @param {{start_frame: number, end_frame: number, start_s: number, end_s: number}[]} segments of one level */
  constructor(segments) {
    const last = segments[segments.length - 1];
    this.frames = [...segments.map((segment) => segment.start_frame), last.end_frame];
    this.times = [...segments.map((segment) => segment.start_s), last.end_s];
  }

  /** Frames in a second, on average: sound without a picture has its own, of a tenth of a second. */
  get framesPerS() {
    const [first, last] = [0, this.frames.length - 1];
    return (this.frames[last] - this.frames[first]) / (this.times[last] - this.times[first]);
  }

  /** Start of a frame, in seconds. */
  timeOf(frame) {
    return this.#between(this.frames, this.times, frame);
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
    const isBehind = this.#frameOnLine(timeS) >= this.frames[this.frames.length - 1];
    if (timeS < this.times[0] - edgeS) return null;
    if (isBehind && Math.max(timeS, fileEndS) > endS + edgeS) return null;
    return this.frameAt(timeS);
  }

  /** Number of the frame whose start is nearest to `timeS`; the end counts as the start of one. */
  nearestFrame(timeS) {
    return this.#inside(Math.round(this.#between(this.times, this.frames, timeS)), 0);
  }

  /** Number of the frame at `timeS`, as if frames went on before the first segment and after the last. */
  #frameOnLine(timeS) {
    return Math.floor(this.#between(this.times, this.frames, timeS) + ROUNDING_FRAMES);
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
