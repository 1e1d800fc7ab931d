/**
 * The exact times of a video's frames, as the API tells them: runs of frames that are shown equally long. Pure: knows
 * no request and no element of the page.
 */

/**
 * A frame counts as shown from so long before its start: a media element truncates times to microseconds, and a time in
 * seconds is a rounded number. Far less than any frame lasts.
 */
const EARLY_S = 1.5e-6;

/** Times of segments and of frames that differ by less are the same: both were rounded from one timestamp. */
const SAME_S = 1e-4;

/** Index of the last of the sorted values that is not greater than `value`; 0 where all are. */
export function lastNotAfter(sorted, value) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

export class FrameTimes {
  /**
   * @param {{time_base: number[], frames: number, first_pts: number, runs: number[][]}} told from frame 0 to the last
   *   one: times in units of the time base, runs of [step, number of frames]
   */
  constructor({ time_base: [numerator, denominator], frames, first_pts: firstPts, runs }) {
    this.count = frames;
    this.numerator = numerator;
    this.denominator = denominator;
    /** Of each run, its first frame and when that is shown; behind the last one, the end of the video. */
    this.frames = new Float64Array(runs.length + 1);
    this.pts = new Float64Array(runs.length + 1);
    this.pts[0] = firstPts;
    runs.forEach(([step, count], run) => {
      this.frames[run + 1] = this.frames[run] + count;
      this.pts[run + 1] = this.pts[run] + step * count;
    });
  }

  /** Start of a frame, in seconds; the number behind the last one gives the end of the video. */
  timeOf(frame) {
    const run = this.#run(this.frames, frame);
    const pts = this.pts[run] + (frame - this.frames[run]) * this.#step(run);
    return (pts * this.numerator) / this.denominator;
  }

  /** Number of the frame that is shown at `timeS`: before the first it is the first, and after the last the last. */
  frameAt(timeS) {
    return this.#frameFrom(timeS + EARLY_S);
  }

  /** Whether a frame, or what comes behind the last one, has begun at `timeS`. */
  hasBegun(frame, timeS) {
    return timeS + EARLY_S >= this.timeOf(frame);
  }

  /** Number of the last frame that begins before `timeS`, as the end of a segment is told. */
  lastBefore(timeS) {
    return this.#frameFrom(timeS - EARLY_S);
  }

  /** Whether these are the times of the frames that the segments count: those of another stream are not. */
  agreesWith(segments) {
    return segments.every((segment) => segment.end_frame <= this.count
      && Math.abs(this.timeOf(segment.start_frame) - segment.start_s) < SAME_S
      && Math.abs(this.timeOf(segment.end_frame) - segment.end_s) < SAME_S);
  }

  #frameFrom(timeS) {
    const pts = (timeS * this.denominator) / this.numerator;
    const run = this.#run(this.pts, pts);
    const frame = this.frames[run] + Math.floor((pts - this.pts[run]) / this.#step(run));
    return Math.max(0, Math.min(frame, this.count - 1));
  }

  #step(run) {
    return (this.pts[run + 1] - this.pts[run]) / (this.frames[run + 1] - this.frames[run]);
  }

  #run(sorted, value) {
    return Math.min(lastNotAfter(sorted, value), sorted.length - 2);
  }
}
