/**
 * The playback position that all panels share, and the commands that change it. Times are the video's own, as in the
 * segments. A media element follows where the browser can play the file; without one the position stays where the
 * last seek put it.
 *
 * Events: `time` (the position changed), `seek` (a seek to this time), `playing` (playback started or stopped).
 */
import { Emitter } from "../toolkit/emitter.js";
import { nextBoundary, previousBoundary } from "../video/segments.js";
import { session } from "../video/session.js";
import { view } from "../video/view.js";

/** From this start time on a file's clock really begins later than zero; below, it is rounding. */
const OFFSET_FROM_S = 0.02;

/** "Previous" skips a segment whose start is less than this ago: while playing, the start has just gone by. */
const PREVIOUS_GRACE_PLAYING_S = 0.8;
const PREVIOUS_GRACE_PAUSED_S = 0.01;

/** Frame rate for stepping where the file's own is not known. */
const ASSUMED_FPS = 25;

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

  /** Use this media element from now on; null: the browser can play none. */
  attach(media) {
    this.media = media;
    this.firstFrameS = null;
    if (!media) {
      this.emit("playing", false);
      return;
    }
    media.requestVideoFrameCallback?.((_, frame) => {
      if (this.media === media) this.firstFrameS = frame.mediaTime;
    });
    media.addEventListener("loadedmetadata", () => {
      if (this.media !== media) return;
      if (this.pending !== null) this.#seekMedia(this.pending);
      this.emit("time");
    });
    for (const type of ["play", "pause", "ended"]) {
      media.addEventListener(type, () => this.media === media && this.#playingChanged());
    }
    for (const type of ["timeupdate", "seeked"]) {
      media.addEventListener(type, () => this.media === media && this.emit("time"));
    }
  }

  /** Seek to a time of the video; times outside of it are clamped. */
  seek(seconds) {
    const time = Math.min(Math.max(seconds, session.startS), Math.max(session.endS, session.startS));
    this.stillTime = time;
    if (this.usable) this.#seekMedia(time);
    else if (this.media) this.pending = time;
    this.emit("seek", time);
    this.emit("time");
  }

  #seekMedia(time) {
    this.pending = null;
    this.media.currentTime = toMediaTime(time - this.offsetS);
  }

  toggle() {
    if (!this.media) return;
    if (this.playing) this.media.pause();
    else this.media.play().catch((error) => console.info("playing was refused:", error.message));
  }

  /** Seek to the next (+1) or previous (-1) boundary of the chosen level. */
  step(direction) {
    const segments = session.segments[view.level];
    const graceS = this.playing ? PREVIOUS_GRACE_PLAYING_S : PREVIOUS_GRACE_PAUSED_S;
    const target = direction > 0 ? nextBoundary(segments, this.time)
      : previousBoundary(segments, this.time, graceS);
    if (target) this.seek(target.start_s);
  }

  /** Pause and seek by so many frames; negative: back. */
  stepFrames(frames) {
    const fps = session.video?.media?.fps || ASSUMED_FPS;
    this.media?.pause();
    this.seek(this.time + frames / fps);
  }

  #playingChanged() {
    this.emit("playing", this.playing);
    if (this.playing) this.#run();
  }

  /** Emit `time` with every painted frame: browsers send `timeupdate` only about four times a second. */
  #run() {
    window.cancelAnimationFrame(this.frame);
    this.frame = window.requestAnimationFrame(() => {
      this.emit("time");
      if (this.playing) this.#run();
    });
  }
}

export const transport = new Transport();
