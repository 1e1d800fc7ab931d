/**
 * The one clock of the page. Times are the video's own, as the segments have them; a browser's media element
 * follows where it can play the file, and without one the clock stands where it was last put.
 *
 * Events: `time` (it moved), `seek` (it was put somewhere), `playing` (it began or stopped).
 */
import { Emitter } from "../toolkit/emitter.js";
import { nextBoundary, previousBoundary } from "../video/segments.js";
import { session } from "../video/session.js";
import { view } from "../video/view.js";

/** A start later than this is not rounding but a file whose clock does not begin at zero. */
const OFFSET_FROM_S = 0.02;

/**
 * A media element cuts times to whole microseconds, and a frame that starts at 1/24 s is then missed by a
 * third of one: the picture would be the last of the segment before. One microsecond on top is always inside.
 */
export function toMediaTime(seconds) {
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
    this.pending = null;
    this.firstFrameS = null;
  }

  /** Chromium keeps the file's own clock; a browser that starts it at zero shows its first frame there. */
  get offsetS() {
    const { startS } = session;
    if (startS < OFFSET_FROM_S || this.firstFrameS === null) return 0;
    return this.firstFrameS < startS / 2 ? startS : 0;
  }

  get usable() {
    return this.media !== null && this.media.readyState >= HTMLMediaElement.HAVE_METADATA;
  }

  /** Where the clock stands, in the video's own time. */
  get time() {
    if (this.pending !== null) return this.pending;
    if (!this.usable) return this.stillTime ?? session.startS;
    return Math.max(session.startS, this.media.currentTime + this.offsetS);
  }

  get playing() {
    return this.media !== null && !this.media.paused && !this.media.ended;
  }

  /** Follow a media element from now on; null: there is none that can play. */
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
      if (this.pending !== null) this.#put(this.pending);
      this.emit("time");
    });
    for (const type of ["play", "pause", "ended"]) {
      media.addEventListener(type, () => this.media === media && this.#playingChanged());
    }
    for (const type of ["timeupdate", "seeked"]) {
      media.addEventListener(type, () => this.media === media && this.emit("time"));
    }
  }

  /** Go to a time of the video. */
  seek(seconds) {
    const time = Math.min(Math.max(seconds, session.startS), Math.max(session.endS, session.startS));
    this.stillTime = time;
    if (this.usable) this.#put(time);
    else if (this.media) this.pending = time;
    this.emit("seek", time);
    this.emit("time");
  }

  #put(time) {
    this.pending = null;
    this.media.currentTime = toMediaTime(time - this.offsetS);
  }

  toggle() {
    if (!this.media) return;
    if (this.playing) this.media.pause();
    else this.media.play().catch((error) => console.info("playing was refused:", error.message));
  }

  /** To the next (+1) or previous (-1) boundary of the chosen level. */
  step(direction) {
    const segments = session.segments[view.level];
    const find = direction > 0 ? nextBoundary : previousBoundary;
    const target = find(segments, this.time, this.playing ? 0.8 : 0.01);
    if (target) this.seek(target.start_s);
  }

  /** Forward or back by so many frames. */
  stepFrames(frames) {
    const fps = session.video?.media?.fps || 25;
    this.media?.pause();
    this.seek(this.time + frames / fps);
  }

  #playingChanged() {
    this.emit("playing", this.playing);
    if (this.playing) this.#run();
  }

  /** Between two `timeupdate`s, a quarter of a second apart, the playhead moves with every picture. */
  #run() {
    window.cancelAnimationFrame(this.frame);
    this.frame = window.requestAnimationFrame(() => {
      this.emit("time");
      if (this.playing) this.#run();
    });
  }
}

export const transport = new Transport();
