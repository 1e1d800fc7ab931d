/**
 * The exact times of the open video's frames, once they have been asked for: when the result is to be corrected, and
 * when single frames are looked at. Without them the page estimates (frame-clock.js). They are those of the frames that
 * the result counts: with a result of another stream they are read anew.
 *
 * Events: `change` (they are there, or not any more).
 */
import { Emitter } from "../toolkit/emitter.js";
import { ApiError, CHANGED, getFrameTimes } from "../api/requests.js";
import { FrameClock } from "./frame-clock.js";
import { FrameTimes } from "./frame-times.js";
import { session } from "./session.js";

class TrueTimes extends Emitter {
  constructor() {
    super();
    this.#forget();
    session.on("opened", () => this.#forget());
    session.on("segments", () => this.#check());
  }

  #forget() {
    /** @type {FrameTimes | null} */
    this.times = null;
    /** The reading that is under way. */
    this.loading = null;
    /** Whether `wish` has asked for this result. */
    this.wished = false;
  }

  /**
   * With another result, times of another stream's frames are of no use, and what failed may be tried again. Which frames
   * a video has that is analysed anew is not known before its result.
   */
  #check() {
    if (!session.provisional && this.times?.agreesWith(session.finest)) return;
    const had = this.times !== null;
    this.times = null;
    this.wished = false;
    if (had) this.emit("change");
  }

  /** The clock of the open video's segments: exact if the times are there. It must have segments. */
  clock() {
    return new FrameClock(session.finest, this.times);
  }

  /**
   * Read them, if they are not there.
   * @returns {Promise<void>} rejects with an `ApiError`, or as aborted when another video is opened
   */
  load() {
    if (this.times) return Promise.resolve();
    if (!this.loading) {
      const loading = this.#read().finally(() => {
        if (this.loading === loading) this.loading = null;
      });
      this.loading = loading;
    }
    return this.loading;
  }

  async #read() {
    const { id, abort } = session;
    const times = new FrameTimes(await getFrameTimes(id, abort.signal));
    abort.signal.throwIfAborted();
    if (!times.agreesWith(session.finest)) throw new ApiError(CHANGED, { code: "conflict", status: 503 });
    this.times = times;
    this.emit("change");
  }

  /**
   * Read them for a correction, which names none that is estimated.
   * @returns {Promise<string>} why they cannot be read, for people; empty if they have been, or another video is open
   */
  async need() {
    try {
      await this.load();
      return "";
    } catch (error) {
      if (error.name === "AbortError") return "";
      if (!(error instanceof ApiError)) throw error;
      return `Corrections need the exact time of every frame, which cannot be read. ${error.message}`;
    }
  }

  /** Read them for one who goes on with an estimate meanwhile: once for each result, whatever comes of it. */
  wish() {
    if (this.times || this.wished || session.provisional || session.finest.length === 0) return;
    this.wished = true;
    this.load().catch((error) => {
      if (error.name === "AbortError") return;
      if (!(error instanceof ApiError)) throw error;
      console.info("times of frames are estimated:", error.message);
    });
  }
}

export const trueTimes = new TrueTimes();
