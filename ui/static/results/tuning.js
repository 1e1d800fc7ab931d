/**
 * Tries other settings on the open video: a dry run of the fusion gives the segments they would make. Nothing is
 * stored until `apply`. The server answers in about a second; a newer try aborts the one before. Knows no element of
 * the page.
 *
 * Events: `change` (opened or closed, values, a new try, an error).
 */
import { Emitter } from "../toolkit/emitter.js";
import { ApiError, previewSettings, resegmentVideo } from "../api/requests.js";
import { LEVELS } from "../video/names.js";
import { session } from "../video/session.js";
import { editor } from "../editing/editor.js";
import { transport } from "../player/transport.js";

/** Debounce: a try is sent when no slider has moved for so long. */
const SETTLE_MS = 180;

/** A try that the server did not answer is sent again after so long, until it does or the values change. */
const AGAIN_MS = 3000;

/** Name of the setting that a level's slider changes. */
export const sensitivityOf = (level) => `${level}_sensitivity`;

/** Name of the setting that says how many segments of a level are wanted; shots have none. */
export const wantedOf = (level) => `${level}s`;

/** Settings that belong to the one video and stay when another kind of video is chosen: no preset has them. */
const OF_THE_VIDEO = [
  "video_stream", "audio_stream", "ignore", "decoding", "words", "from_s", "to_s", "scenes", "chapters",
];

/** Whether two settings are equal; a setting that an older video does not have is null. */
const same = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

class Tuning extends Emitter {
  constructor() {
    super();
    this.close();
    session.on("opened", () => this.close());
    session.on("segments", () => this.applied && session.terminal && this.close());
    session.on("video", (video) => this.open && !this.applied && video.state !== "done" && this.close());
  }

  /**
   * Open the panel with the video's own settings. The dry run sent here makes the server load the measured tracks,
   * the slow part, before the first slider moves.
   */
  begin() {
    this.open = true;
    this.values = { ...session.video.settings };
    this.abort = new AbortController();
    previewSettings(session.id, { ...this.#body(), level: "chapter" }, this.abort.signal)
      .catch((error) => console.info("the tracks were not loaded ahead:", error.message));
    this.emit("change");
  }

  /** Close the panel and discard the try. */
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

  /** Whether a value differs from the video's settings. */
  get differs() {
    const { settings } = session.video ?? {};
    return Boolean(settings) && Object.entries(this.values).some(([name, value]) => !same(settings[name], value));
  }

  /** Change one setting and try it soon. */
  set(name, value) {
    this.values = { ...this.values, [name]: value };
    this.#trySoon();
  }

  /** Change the preset; the server fills in its settings, and those that were changed for it are discarded. */
  choosePreset(preset) {
    const kept = OF_THE_VIDEO.filter((name) => (this.values[name] ?? null) !== null);
    this.values = { preset, ...Object.fromEntries(kept.map((name) => [name, this.values[name]])) };
    this.#trySoon();
  }

  /** Fuse with these values into a new revision of the video. */
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

  #trySoon() {
    window.clearTimeout(this.timer);
    this.abort?.abort(); // its answer tells settings from before this change, and would take their place
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
      this.problem = "";
      this.emit("change");
    } catch (error) {
      if (abort.signal.aborted) return;
      this.#fail(error);
      if (error.transient) this.timer = window.setTimeout(() => this.#try(), AGAIN_MS);
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
for (const source of [tuning, editor]) {
  source.on("change", () => {
    transport.tried = editor.segments ?? tuning.segments;
  });
}

/** The segments of a level to show: those of the draft or of the try, or the stored ones where there is neither. */
export function shownSegments(level) {
  return (editor.segments ?? tuning.segments ?? session.segments)[level];
}
