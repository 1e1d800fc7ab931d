/**
 * What is said in the open video. It is written down after the segments are there. The events of the video tell how
 * far that is; the words are read at its end. Where no events arrive, the state is polled until it has ended.
 *
 * Events: `words` (the state or the transcript changed).
 */
import { Emitter } from "../toolkit/emitter.js";
import { getTranscript } from "../api/requests.js";
import { session } from "./session.js";

/** Interval of reading while words are being made; after failures it doubles, up to the longest. */
const POLL_MS = 3000;
const LONGEST_POLL_MS = 60000;
/** Lines that appear within so many seconds belong together: those of one slide are built up in a moment. */
const TOGETHER_S = 0.5;
const ENDED = new Set(["none", "done", "failed", "cancelled"]);

class Words extends Emitter {
  constructor() {
    super();
    this.status = null;
    this.timer = 0;
    session.on("opened", () => this.#reset());
    session.on("missing", () => this.#reset());
    session.on("video", () => this.#follow());
    session.on("words", (news) => this.#heard(news));
    document.addEventListener("visibilitychange", () => !document.hidden && this.#follow());
  }

  /** The sentences in order of time; empty before they are there. */
  get sentences() {
    return this.status?.transcript?.sentences ?? [];
  }

  /**
   * Sentences, and between them what is shown as text meanwhile, in order of time: lines that appear together are one
   * item, {start_s, lines}.
   */
  get items() {
    if (this.itemsOf !== this.status) {
      this.itemsOf = this.status;
      this.merged = [...this.sentences, ...together(this.status?.screen_text ?? [])]
        .sort((one, other) => one.start_s - other.start_s);
    }
    return this.merged ?? [];
  }

  /** Take over a newer state, for instance the answer of a retry. */
  update(status) {
    this.status = status;
    this.emit("words");
    this.#follow();
  }

  /** Read the state now, whatever is known: somebody else may have changed it. */
  refresh() {
    window.clearTimeout(this.timer);
    this.timer = 0;
    if (this.reading !== session.abort) this.#read();
  }

  #reset() {
    window.clearTimeout(this.timer);
    this.timer = 0;
    this.status = null;
    this.revision = null;
    this.reading = null;
    this.failures = 0;
    /** Whether events of this video tell of its words; and whether one came that the reading under way may lack. */
    this.told = false;
    this.stale = false;
    this.emit("words");
  }

  /** Progress is shown as it is told; for all else, and at the end, the words are read. */
  #heard({ state, fraction, error }) {
    this.told = true;
    const { status } = this;
    if (status === null) { // it is read as soon as the video is done
      this.stale = ENDED.has(state) && this.reading === session.abort;
      return;
    }
    if (status.state === state && status.fraction === fraction) return;
    if (ENDED.has(state)) {
      if (this.reading === session.abort) this.stale = true;
      else this.refresh();
      return;
    }
    this.status = { ...status, state, fraction, error };
    this.emit("words");
    window.clearTimeout(this.timer); // of the interval without events
    this.timer = 0;
    this.#follow();
  }

  /** Read it once for every result of the video, and again while it is being made. */
  #follow() {
    const { video } = session;
    if (video?.state !== "done" || document.hidden || this.timer || this.reading === session.abort) return;
    const ended = this.status !== null && ENDED.has(this.status.state);
    if (this.revision !== video.revision) this.#read();
    else if (!ended) this.#later();
  }

  #later() {
    // what is shown is there, and what is said waits for a speech model, perhaps for days
    const waits = this.status?.state === "queued" && this.status.screen_text;
    // an event is told once: what could not be read after it, or is of another result, is read again soon
    const current = this.failures === 0 && this.revision === session.video?.revision;
    const waitMs = waits || (this.told && session.eventsAlive && current) ? LONGEST_POLL_MS
      : Math.min(POLL_MS * 2 ** this.failures, LONGEST_POLL_MS);
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      if (!document.hidden) this.#read();
    }, waitMs);
  }

  async #read() {
    const { id, abort, video } = session;
    let changed = true;
    this.reading = abort;
    try {
      const status = await getTranscript(id, abort.signal);
      if (session.abort !== abort) return;
      // with its words the video has a newer result, which has the titles
      if (status.revision > (session.video?.revision ?? 0)) session.refresh();
      changed = same(this.status) !== same(status);
      if (changed) this.status = status;
      this.revision = video.revision;
      this.failures = 0;
    } catch (error) {
      if (error.name === "AbortError" || session.abort !== abort) return;
      // The page works without words; a later round may find them, but not of a server that has none.
      console.info("no words for this video:", error.message);
      this.failures += 1;
      if (error.status === 404) {
        this.status = { state: "none" };
        this.revision = video.revision;
      }
    } finally {
      if (session.abort === abort) this.reading = null;
    }
    // an open pane is not written anew under the pointer for nothing
    if (changed) this.emit("words");
    if (this.stale) {
      this.stale = false;
      this.refresh();
      return;
    }
    if (!this.status || !ENDED.has(this.status.state) || this.revision !== session.video?.revision) this.#later();
  }
}

/** What of a state is shown; the words themselves change only together with it. */
const same = (status) => status && JSON.stringify([status.state, status.fraction, status.error, status.revision,
  status.transcript?.sentences.length, status.screen_text?.length]);

/** Lines that appear at one time as one item; a text that cannot be told apart from what is filmed is left out. */
function together(lines) {
  const found = [];
  for (const line of lines) {
    if (line.kind === "other") continue;
    const last = found[found.length - 1];
    if (last && line.start_s - last.start_s < TOGETHER_S) last.lines.push(line.text);
    else found.push({ start_s: line.start_s, lines: [line.text] });
  }
  return found;
}

export const words = new Words();
