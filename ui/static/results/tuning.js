/**
 * Other settings for the video that is open: what they would give, before they are applied. Nothing is stored
 * until `apply`; the server answers a try in about a second, and only the last one asked for counts.
 *
 * Events: `change` (open or not, values, a new try, an error).
 */
import { Emitter } from "../toolkit/emitter.js";
import { ApiError, previewSettings, resegmentVideo } from "../api/requests.js";
import { LEVELS } from "../video/names.js";
import { session } from "../video/session.js";

/** A hand that moves a slider pauses longer than this only where it means to. */
const SETTLE_MS = 180;

export const sensitivityOf = (level) => `${level}_sensitivity`;

class Tuning extends Emitter {
  constructor() {
    super();
    this.close();
    session.on("opened", () => this.close());
    session.on("segments", () => this.applied && session.terminal && this.close());
    session.on("video", (video) => this.open && !this.applied && video.state !== "done" && this.close());
  }

  /** Show the settings the video has. The server reads what was measured meanwhile: that is the slow part. */
  begin() {
    this.open = true;
    this.values = { ...session.video.settings };
    this.abort = new AbortController();
    previewSettings(session.id, { ...this.#body(), level: "chapter" }, this.abort.signal)
      .catch((error) => console.info("not read ahead:", error.message));
    this.emit("change");
  }

  /** Leave everything as it is. */
  close() {
    window.clearTimeout(this.timer);
    this.abort?.abort();
    this.open = false;
    this.busy = false;
    this.applied = false;
    this.problem = "";
    /** @type {{[setting: string]: any}} all settings, `preset` among them */
    this.values = {};
    /** @type {Record<string, any[]> | null} what the values would give, by level */
    this.segments = null;
    this.emit("change");
  }

  /** Whether there is anything to apply. */
  get differs() {
    const { settings } = session.video ?? {};
    return Boolean(settings) && Object.entries(this.values).some(([name, value]) => settings[name] !== value);
  }

  /** One setting, tried as soon as the hand rests. */
  set(name, value) {
    this.values = { ...this.values, [name]: value };
    this.#soon();
  }

  /** Another kind of video: its own settings replace those there are. */
  choosePreset(preset) {
    this.values = { preset };
    this.#soon();
  }

  /** Make a new revision of it. */
  async apply() {
    this.applied = true;
    this.emit("change");
    try {
      session.update(await resegmentVideo(session.id, this.#body()));
    } catch (error) {
      this.applied = false;
      this.#fail(error);
    }
  }

  #body() {
    const { preset, ...settings } = this.values;
    return { preset, settings };
  }

  #soon() {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.#try(), SETTLE_MS);
    this.busy = true;
    this.problem = "";
    this.emit("change");
  }

  async #try() {
    this.abort?.abort();
    const abort = new AbortController();
    this.abort = abort;
    try {
      const tried = await previewSettings(session.id, this.#body(), abort.signal);
      if (abort.signal.aborted) return;
      this.values = tried.settings;
      this.segments = Object.fromEntries(LEVELS.map((level) => [level,
        tried.segments.filter((segment) => segment.level === level)]));
      this.busy = false;
      this.emit("change");
    } catch (error) {
      if (!abort.signal.aborted) this.#fail(error);
    }
  }

  #fail(error) {
    if (!(error instanceof ApiError)) throw error;
    this.busy = false;
    this.problem = error.message;
    this.emit("change");
  }
}

export const tuning = new Tuning();

/** What the timeline shows of a level: a try where there is one. */
export function shownSegments(level) {
  return tuning.segments?.[level] ?? session.segments[level];
}
