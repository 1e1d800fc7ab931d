/**
 * Holds the open video, the one that the address names: its state, segments and curves, and keeps them up to date,
 * also after its end: somebody else may try it again, segment it anew, choose another result or delete it.
 *
 * Server-sent events trigger the reading. The state is polled as well, so a lost or repeated event changes nothing.
 * Where no events arrive (a proxy that buffers them, the browser's limit of connections) only the polling is left,
 * at a shorter interval.
 *
 * Events: `video` (state or progress changed), `segments`, `signals`, `words` (the server told how far they are), `opened` (another video, or none), `missing`
 * (the API does not know the id, or does not let this key read it), `deleted` (emitted by whoever deleted a video, with
 * its id).
 */
import { Emitter } from "../toolkit/emitter.js";
import { currentId, onChange } from "../toolkit/router.js";
import { connection } from "../api/connection.js";
import { eventsUrl, getSegments, getSignals, getVideo } from "../api/requests.js";
import { LEVELS, TERMINAL } from "./names.js";
import { withOpenEnds } from "./open-ends.js";
import { readSignals } from "./signals.js";

/** Interval of reading the state while events arrive, and while none do; the latter also after the video's end. */
const POLL_WITH_EVENTS_MS = 10000;
const POLL_ALONE_MS = 1500;
const POLL_ENDED_WITH_EVENTS_MS = 60000;
const POLL_ENDED_ALONE_MS = 8000;

/** Answers after which reading the video again gives the same: unknown, no id at all, not for this key. */
const FINAL_ANSWERS = new Set([404, 422, 403]);

/** Least interval of reading the provisional shots again, and what every 1000 shots add to it. */
const SEGMENTS_EVERY_MS = 900;
const SEGMENTS_EVERY_MS_PER_1000 = 1500;

/** Columns that are asked for of each curve: about as many as the widest screens have pixels. */
const SIGNAL_POINTS = 4000;
const EVENT_TYPES = ["state", "progress", "segments", "words", "done", "deleted"];

const NO_SEGMENTS = Object.freeze({ chapter: [], scene: [], shot: [] });

class Session extends Emitter {
  constructor() {
    super();
    this.reset(null);
    onChange((id) => this.open(id));
    connection.on("change", (lost) => !lost && this.refresh());
    document.addEventListener("visibilitychange", () => this.#visibility());
  }

  reset(id) {
    this.id = id;
    this.video = null;
    this.segments = NO_SEGMENTS;
    this.provisional = true;
    this.signals = null;
    this.missing = null;
    /** What was shown until it was deleted; null for an address that leads nowhere from the beginning. */
    this.lost = null;
    this.loadedRevision = null;
    /** Revision that the segments are of; 0 while they are provisional. */
    this.segmentsRevision = 0;
    /** Whether the video is done and the server has nothing of its result any more. */
    this.resultLost = false;
    /** Number of the last reading of the segments that was begun, and of the one that is shown. */
    this.readingBegun = 0;
    this.readingShown = 0;
  }

  /** Whether the video has ended: done, failed or cancelled. */
  get terminal() {
    return this.video !== null && TERMINAL.has(this.video.state);
  }

  /** Whether the file is known to have no picture: it then has no shots. */
  get soundOnly() {
    return this.video?.media?.video_codec === null;
  }

  /** The segments of the finest level that there is. */
  get finest() {
    return this.segments.shot.length ? this.segments.shot : this.segments.scene;
  }

  /**
   * Start of the timeline, in the file's own times, which need not begin at zero. The timeline is the whole file, also
   * where only a part of it is segmented.
   */
  get startS() {
    return this.video?.media?.start_s ?? this.finest[0]?.start_s ?? 0;
  }

  /** End of the timeline: the end of the file, or of the last segment where that is later. */
  get endS() {
    const { finest } = this;
    const lastEndS = finest.length ? finest[finest.length - 1].end_s : 0;
    return Math.max(lastEndS, this.startS + (this.video?.media?.duration_s ?? 0));
  }

  /** Open another video; null: none. */
  open(id) {
    this.close();
    this.reset(id);
    this.emit("opened", id);
    if (!id) return;
    this.abort = new AbortController();
    this.refresh();
  }

  /** Stop all requests, events and timers of the open video. */
  close() {
    this.abort?.abort();
    this.#stopEvents();
    window.clearTimeout(this.pollTimer);
    window.clearTimeout(this.segmentsTimer);
    this.segmentsTimer = 0;
  }

  /** Read the state now; reading segments, listening to events and polling follow from it. */
  async refresh() {
    const { id, abort } = this;
    if (!id || this.missing) return;
    try {
      const video = await getVideo(id, abort.signal);
      if (this.id === id && this.abort === abort) this.#setVideo(video);
    } catch (error) {
      if (this.id !== id || this.abort !== abort || error.name === "AbortError") return;
      if (FINAL_ANSWERS.has(error.status)) {
        this.missing = error;
        this.lost = this.video;
        this.close();
        this.emit("missing", error);
        return;
      }
    }
    this.#schedulePoll();
  }

  /** Read the state and the segments now, also where those of this revision have been read. */
  reread() {
    this.loadedRevision = null;
    return this.refresh();
  }

  /** Take over a newer document of the video, for instance the answer of cancel or retry; others are ignored. */
  update(video) {
    if (video?.id === this.id && this.id) {
      this.#setVideo(video);
      this.#schedulePoll();
    }
  }

  #setVideo(video) {
    const before = this.video;
    this.video = video;
    if (video.state !== "done") this.resultLost = false;
    this.emit("video", video);
    const restarted = before && TERMINAL.has(before.state) && !TERMINAL.has(video.state);
    if (restarted) this.loadedRevision = null;
    // A video that is fused again with other settings has a revision: its segments stay until the new ones are there.
    if (restarted && !video.revision) {
      this.segments = NO_SEGMENTS;
      this.provisional = true;
      this.signals = null;
      this.emit("segments");
      this.emit("signals");
    }
    const chunks = video.progress?.chunks_done ?? 0;
    this.#startEvents();
    if (this.terminal) {
      const key = `${video.state}:${video.revision}`;
      if (this.loadedRevision !== key) {
        this.loadedRevision = key;
        this.loadSegments();
        if (video.state === "done") this.#loadSignals();
      }
    } else if (!before || chunks !== (before.progress?.chunks_done ?? 0)) {
      this.#scheduleSegments();
    }
  }

  /**
   * Read the segments of all levels; while they are provisional the API has shots only. Of two readings at a time the
   * one that was begun last is shown, in whatever order their answers come.
   */
  async loadSegments() {
    const { id, abort } = this;
    this.readingBegun += 1;
    const reading = this.readingBegun;
    window.clearTimeout(this.segmentsTimer);
    this.segmentsTimer = 0;
    this.segmentsReadAt = Date.now();
    try {
      const pages = await Promise.all(LEVELS.map((level) => getSegments(id, level, abort.signal)));
      if (this.id !== id || this.abort !== abort || reading < this.readingShown) return;
      if (pages.some((page) => page.revision !== pages[0].revision)) {
        this.#scheduleSegments(); // another result became current while the levels were read
        return;
      }
      this.readingShown = reading;
      this.resultLost = false;
      this.segments = Object.fromEntries(LEVELS.map((level, index) => [level, pages[index].items]));
      this.provisional = pages[2].state !== "final";
      this.segmentsRevision = pages[2].revision;
      if (this.provisional) this.segments.shot = withOpenEnds(this.segments.shot);
      this.emit("segments");
    } catch (error) {
      // What a later reading has found counts: another result may have been made since this one was begun.
      if (this.abort !== abort || error.name === "AbortError" || reading < this.readingShown) return;
      if (error.code === "result_lost" && this.video?.state === "done") { // to ask again would give the same, until there is another result
        this.readingShown = reading;
        this.resultLost = true;
        this.emit("video", this.video);
      } else {
        this.loadedRevision = null;
      }
    }
  }

  async #loadSignals() {
    const { id, abort } = this;
    try {
      const signals = readSignals(await getSignals(id, SIGNAL_POINTS, abort.signal));
      if (this.id === id && this.abort === abort) {
        this.signals = signals;
        this.emit("signals");
      }
    } catch (error) {
      // Without curves the timeline leaves their rows out.
      if (error.name !== "AbortError") console.info("no curves for this video:", error.message);
    }
  }

  #scheduleSegments() {
    if (this.segmentsTimer) return;
    const everyMs = SEGMENTS_EVERY_MS + (this.segments.shot.length / 1000) * SEGMENTS_EVERY_MS_PER_1000;
    const waitMs = Math.max(0, (this.segmentsReadAt ?? 0) + everyMs - Date.now());
    this.segmentsTimer = window.setTimeout(() => this.loadSegments(), waitMs);
  }

  #schedulePoll() {
    window.clearTimeout(this.pollTimer);
    if (!this.id || this.missing || document.hidden) return;
    const [withEventsMs, aloneMs] = this.terminal ? [POLL_ENDED_WITH_EVENTS_MS, POLL_ENDED_ALONE_MS]
      : [POLL_WITH_EVENTS_MS, POLL_ALONE_MS];
    const waitMs = this.eventsAlive ? withEventsMs : aloneMs;
    this.pollTimer = window.setTimeout(() => this.refresh(), waitMs);
  }

  #startEvents() {
    if (this.source || document.hidden || typeof EventSource === "undefined") return;
    const source = new EventSource(eventsUrl(this.id));
    this.source = source;
    source.onopen = () => {
      this.eventsAlive = true;
    };
    source.onerror = () => {
      if (this.source !== source) return;
      this.eventsAlive = false;
      // The browser gives up after an answer that is no stream: the next reading of the state tries again.
      if (source.readyState === EventSource.CLOSED) this.source = null;
      this.#schedulePoll();
    };
    for (const type of EVENT_TYPES) {
      source.addEventListener(type, (event) => this.source === source && this.#onEvent(type, event.data));
    }
  }

  #onEvent(type, text) {
    const data = parse(text);
    if (type === "segments") {
      // A final result has a revision, which comes with the state: its segments are read then, once.
      if (data?.state !== "final") this.#scheduleSegments();
      return;
    }
    if (type === "words") {
      if (data) this.emit("words", data);
      return;
    }
    if (type === "deleted") {
      this.refresh();
      return;
    }
    if (type === "progress" && this.video && typeof data?.fraction === "number") {
      this.video = { ...this.video, progress: data };
      this.emit("video", this.video);
    } else if (data?.id === this.id) {
      this.update(data);
    } else {
      this.refresh();
    }
  }

  #stopEvents() {
    this.source?.close();
    this.source = null;
    this.eventsAlive = false;
  }

  /** A browser opens six connections to one origin, so a tab in the background closes its event stream. */
  #visibility() {
    if (document.hidden) {
      this.#stopEvents();
      window.clearTimeout(this.pollTimer);
    } else if (this.id) {
      this.refresh();
    }
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export const session = new Session();

/** Open the video that the address names. Called once, when the panels are mounted. */
export function startSession() {
  session.open(currentId());
}
