/**
 * The video the address names: its state, segments and curves, kept up to date.
 *
 * Server-sent events say when to look; the state is read from the API as well, now and then, so a lost or repeated
 * event costs nothing. Without events (a proxy that buffers them, a browser's limit) polling does it all, slower.
 *
 * Events: `video` (state or progress), `segments`, `signals`, `opened` (another video, or none), `missing`.
 */
import { Emitter } from "../toolkit/emitter.js";
import { currentId, onChange } from "../toolkit/router.js";
import { connection } from "../api/connection.js";
import { eventsUrl, getSegments, getSignals, getVideo } from "../api/requests.js";
import { LEVELS, TERMINAL } from "./names.js";
import { readSignals } from "./signals.js";

/** How often the state is read although events arrive, and when they do not. */
const POLL_WITH_EVENTS_MS = 10000;
const POLL_ALONE_MS = 1500;

/** Provisional shots are read again at most so often; longer lists less often. */
const SEGMENTS_EVERY_MS = 900;
const SEGMENTS_EVERY_MS_PER_1000 = 1500;

const SIGNAL_POINTS = 4000;
const EVENT_TYPES = ["state", "progress", "segments", "done"];

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
    this.loadedRevision = null;
  }

  get terminal() {
    return this.video !== null && TERMINAL.has(this.video.state);
  }

  /** Where the timeline begins: files exist whose clock does not start at zero. */
  get startS() {
    return this.segments.shot[0]?.start_s ?? this.video?.media?.start_s ?? 0;
  }

  /** Where it ends: with the last segment, and before that is known, where the file says. */
  get endS() {
    const { shot } = this.segments;
    const last = shot.length ? shot[shot.length - 1].end_s : 0;
    if (shot.length && !this.provisional) return last;
    return Math.max(last, this.startS + (this.video?.media?.duration_s ?? 0));
  }

  /** Look at another video, or at none. */
  open(id) {
    this.close();
    this.reset(id);
    this.emit("opened", id);
    if (!id) return;
    this.abort = new AbortController();
    this.refresh();
  }

  /** Stop listening to the video. */
  close() {
    this.abort?.abort();
    this.#stopEvents();
    window.clearTimeout(this.pollTimer);
    window.clearTimeout(this.segmentsTimer);
    this.segmentsTimer = 0;
  }

  /** Read the state now; what follows from it (segments, events, polling) is arranged. */
  async refresh() {
    const { id, abort } = this;
    if (!id || this.missing) return;
    try {
      const video = await getVideo(id, abort.signal);
      if (this.id === id && this.abort === abort) this.#take(video);
    } catch (error) {
      if (this.id !== id || this.abort !== abort || error.name === "AbortError") return;
      if (error.status === 404 || error.status === 422) {
        this.missing = error;
        this.close();
        this.emit("missing", error);
        return;
      }
    }
    this.#schedulePoll();
  }

  /** A newer state of the video, from wherever it came (a poll, an answer to cancel or retry). */
  update(video) {
    if (video?.id === this.id && this.id) {
      this.#take(video);
      this.#schedulePoll();
    }
  }

  #take(video) {
    const before = this.video;
    this.video = video;
    this.emit("video", video);
    const restarted = before && TERMINAL.has(before.state) && !TERMINAL.has(video.state);
    if (restarted) this.loadedRevision = null;
    // With other settings the result before stays in sight until the new one is there.
    if (restarted && !video.revision) {
      this.segments = NO_SEGMENTS;
      this.provisional = true;
      this.signals = null;
      this.emit("segments");
      this.emit("signals");
    }
    const chunks = video.progress?.chunks_done ?? 0;
    if (this.terminal) {
      this.#stopEvents();
      const key = `${video.state}:${video.revision}`;
      if (this.loadedRevision !== key) {
        this.loadedRevision = key;
        this.loadSegments();
        if (video.state === "done") this.#loadSignals();
      }
    } else {
      this.#startEvents();
      if (!before || chunks !== (before.progress?.chunks_done ?? 0)) this.#segmentsSoon();
    }
  }

  /** Read the segments of all levels (while provisional there are shots only). */
  async loadSegments() {
    const { id, abort } = this;
    window.clearTimeout(this.segmentsTimer);
    this.segmentsTimer = 0;
    this.segmentsReadAt = Date.now();
    try {
      const pages = await Promise.all(LEVELS.map((level) => getSegments(id, level, abort.signal)));
      if (this.id !== id || this.abort !== abort) return;
      this.segments = Object.fromEntries(LEVELS.map((level, index) => [level, pages[index].items]));
      this.provisional = pages[2].state !== "final";
      this.emit("segments");
    } catch (error) {
      if (this.abort === abort && error.name !== "AbortError") this.loadedRevision = null;
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
      // The curves are an extra: without them the timeline leaves their rows out.
      if (error.name !== "AbortError") console.info("no curves for this video:", error.message);
    }
  }

  #segmentsSoon() {
    if (this.segmentsTimer) return;
    const every = SEGMENTS_EVERY_MS + (this.segments.shot.length / 1000) * SEGMENTS_EVERY_MS_PER_1000;
    const wait = Math.max(0, (this.segmentsReadAt ?? 0) + every - Date.now());
    this.segmentsTimer = window.setTimeout(() => this.loadSegments(), wait);
  }

  #schedulePoll() {
    window.clearTimeout(this.pollTimer);
    if (this.terminal || document.hidden) return;
    const wait = this.eventsAlive ? POLL_WITH_EVENTS_MS : POLL_ALONE_MS;
    this.pollTimer = window.setTimeout(() => this.refresh(), wait);
  }

  #startEvents() {
    if (this.source || document.hidden || typeof EventSource === "undefined") return;
    const source = new EventSource(eventsUrl(this.id));
    this.source = source;
    source.onopen = () => {
      this.eventsAlive = true;
    };
    source.onerror = () => {
      this.eventsAlive = false;
      if (source.readyState === EventSource.CLOSED && this.source === source) this.source = null;
      this.#schedulePoll();
    };
    for (const type of EVENT_TYPES) {
      source.addEventListener(type, (event) => this.source === source && this.#onEvent(type, event.data));
    }
  }

  #onEvent(type, text) {
    if (type === "segments") {
      this.#segmentsSoon();
      return;
    }
    const data = parse(text);
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

  /** A browser opens six connections to one origin: tabs in the background give theirs back. */
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

/** Begin with what the address names. Called once, when the panels are there. */
export function startSession() {
  session.open(currentId());
}
