/**
 * The playback position that all panels share, and the commands that change it. Times are the video's own, as in the
 * segments. A media element follows where the browser can play the file; without one the position stays where the
 * last seek put it.
 *
 * Events: `time` (the position changed), `seek` (a seek to this time), `playing` (playback started or stopped), `range`
 * (a segment is played alone, or no longer), `loaded` (a media element can be sought and played now).
 */
import { Emitter } from "../toolkit/emitter.js";
import { nextBoundary, previousBoundary } from "../video/segments.js";
import { session } from "../video/session.js";
import { trueTimes } from "../video/true-times.js";
import { view } from "../video/view.js";
import { stepFrames } from "./frame-steps.js";

/** From this start time on a file's clock really begins later than zero; below, it is rounding. */
const OFFSET_FROM_S = 0.02;

/** "Previous" skips a segment whose start is less than this ago: while playing, the start has just gone by. */
const PREVIOUS_GRACE_PLAYING_S = 0.8;
const PREVIOUS_GRACE_PAUSED_S = 0.01;

/** Frame rate for stepping where the file's own is not known. */
const ASSUMED_FPS = 25;

/** A stretch that is played alone ends so many frames early, so that the next one's first frame is not seen. */
const HALF_FRAME = 0.5;

/**
 * The `currentTime` that shows the frame starting at `seconds`. Media elements truncate times to whole microseconds:
 * a frame that starts at 1/24 s would be missed by a third of one, and the frame before it would be shown. Rounding
 * up and adding one microsecond always lands inside the frame.
 */
function toMediaTime(seconds) {
  return (Math.ceil(seconds * 1e6 - 1e-3) + 1) / 1e6;
}

class Transport extends Emitter {
  constructor() {
    super();
    /** @type {HTMLVideoElement | null} */
    this.media = null;
    this.reset();
  }

  reset() {
    this.stillTime = null;
    /** A seek that waits for the media element's metadata. */
    this.pending = null;
    this.firstFrameS = null;
    /** @type {{startS: number, endS: number, loop: boolean} | null} the stretch that is played alone */
    this.range = null;
    /** @type {Record<string, any[]> | null} the segments of a draft or a try, by level, in place of the stored ones */
    this.tried = null;
  }

  /** Frames a second; where the file's own rate is not known, a usual one. */
  get fps() {
    return session.video?.media?.fps || ASSUMED_FPS;
  }

  /** The `currentTime` at which a media element shows a time of the video. */
  toMediaTime(seconds) {
    return toMediaTime(seconds - this.offsetS);
  }

  /**
   * What to add to `currentTime` to get the video's own time. Chromium plays in the file's own times (0); other
   * browsers let every file start at zero, which the time of the first frame shows.
   */
  get offsetS() {
    const { startS } = session;
    if (startS < OFFSET_FROM_S || this.firstFrameS === null) return 0;
    return this.firstFrameS < startS / 2 ? startS : 0;
  }

  /** Whether the media element can be sought and played. */
  get usable() {
    return this.media !== null && this.media.readyState >= HTMLMediaElement.HAVE_METADATA;
  }

  /** The position, in the video's own time. */
  get time() {
    if (this.pending !== null) return this.pending;
    if (!this.usable) return this.stillTime ?? session.startS;
    return Math.max(session.startS, this.media.currentTime + this.offsetS);
  }

  get playing() {
    return this.media !== null && !this.media.paused && !this.media.ended;
  }

  /**
   * Use this media element from now on; null: the browser can play none. The position stays where the one before has
   * it, or was to have it.
   * @param {HTMLVideoElement | null} media
   * @param {number | null} [firstFrameS] the `currentTime` of the first frame, where it is known
   */
  attach(media, firstFrameS = null) {
    if (this.usable || this.pending !== null) this.stillTime = this.time;
    this.pending = null;
    this.media = media;
    this.firstFrameS = firstFrameS;
    if (!media) {
      this.emit("playing", false);
      return;
    }
    media.requestVideoFrameCallback?.((_, frame) => {
      if (this.media === media) this.firstFrameS ??= frame.mediaTime;
    });
    media.addEventListener("loadedmetadata", () => {
      if (this.media !== media) return;
      if (this.pending !== null) this.#seekMedia(this.pending);
      this.emit("loaded");
      this.emit("time");
    });
    for (const type of ["play", "pause", "ended"]) {
      media.addEventListener(type, () => this.media === media && this.#playingChanged());
    }
    for (const type of ["timeupdate", "seeked"]) {
      media.addEventListener(type, () => this.media === media && this.#moved());
    }
  }

  /** Seek to a time of the video; times outside of it are clamped. */
  seek(seconds) {
    const time = Math.min(Math.max(seconds, session.startS), Math.max(session.endS, session.startS));
    this.stillTime = time;
    if (this.range && (time < this.range.startS || time >= this.range.endS)) this.playWhole();
    if (this.usable) this.#seekMedia(time);
    else if (this.media) this.pending = time;
    this.emit("seek", time);
    this.emit("time");
  }

  #seekMedia(time) {
    this.pending = null;
    this.media.currentTime = this.toMediaTime(time);
  }

  toggle() {
    if (!this.media) return;
    if (this.playing) this.media.pause();
    else this.media.play().catch((error) => console.info("playing was refused:", error.message));
  }

  /**
   * Play a stretch of the video and stop on its last frame, or begin it again.
   * @param {number} startS
   * @param {number} endS
   * @param {boolean} loop
   */
  playRange(startS, endS, loop) {
    if (!this.media) return;
    this.range = null;
    this.seek(startS);
    this.range = { startS, endS, loop };
    this.emit("range");
    if (!this.playing) this.toggle();
  }

  /** Play on behind the end of the stretch that was played alone. */
  playWhole() {
    if (!this.range) return;
    this.range = null;
    this.emit("range");
  }

  /** Seek to the next (+1) or previous (-1) boundary of the chosen level. */
  step(direction) {
    const segments = (this.tried ?? session.segments)[view.level];
    const graceS = this.playing ? PREVIOUS_GRACE_PLAYING_S : PREVIOUS_GRACE_PAUSED_S;
    const target = direction > 0 ? nextBoundary(segments, this.time)
      : previousBoundary(segments, this.time, graceS);
    if (target) this.seek(target.start_s);
  }

  /** Pause and seek by so many frames; negative: back. */
  stepFrames(frames) {
    this.media?.pause();
    const { times } = trueTimes;
    if (times) {
      const frame = times.frameAt(this.time) + frames;
      this.seek(times.timeOf(Math.max(0, Math.min(frame, times.count - 1))));
      return;
    }
    trueTimes.wish();
    const { shot } = session.segments;
    // Sound may begin before the first picture, and frames are counted from that.
    const startS = Math.max(session.startS, shot[0]?.start_frame === 0 ? shot[0].start_s : session.startS);
    const variable = session.video?.media?.variable_frame_rate ?? false;
    this.seek(stepFrames(this.time, { startS, fps: this.fps, variable }, frames));
  }

  /** The position has changed: at the end of a stretch that is played alone, stop or begin it again. */
  #moved() {
    const { range } = this;
    if (range && this.playing && this.time > range.endS - HALF_FRAME / this.fps) {
      if (range.loop) {
        this.#seekMedia(range.startS);
      } else {
        this.media.pause();
        this.playWhole();
        const { times } = trueTimes;
        const lastS = times ? times.timeOf(times.lastBefore(range.endS)) : range.endS - 1 / this.fps;
        this.seek(Math.max(range.startS, lastS));
        return;
      }
    }
    this.emit("time");
  }

  #playingChanged() {
    this.emit("playing", this.playing);
    if (this.playing) this.#run();
  }

  /** Emit `time` with every painted frame: browsers send `timeupdate` only about four times a second. */
  #run() {
    window.cancelAnimationFrame(this.frame);
    this.frame = window.requestAnimationFrame(() => {
      this.#moved();
      if (this.playing) this.#run();
    });
  }
}

export const transport = new Transport();
