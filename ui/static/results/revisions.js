/**
 * The results that are kept of the open video, which of them is shown, and what differs between one and the one that is
 * shown. They are read when the panel opens, and again when the video has another one. Knows no element of the page.
 *
 * Events: `change` (opened or closed, the list, a comparison, an error).
 */
import { Emitter } from "../toolkit/emitter.js";
import { ApiError, chooseRevision, compareRevisions, listRevisions } from "../api/requests.js";
import { session } from "../video/session.js";

class Revisions extends Emitter {
  constructor() {
    super();
    this.close();
    session.on("opened", () => this.close());
    session.on("video", (video) => this.open && video.revision !== this.listedFor && this.#read());
  }

  /** Open the panel and read the list. */
  begin() {
    this.open = true;
    this.#read();
    this.emit("change");
  }

  close() {
    this.abort?.abort();
    this.abort = null;
    this.open = false;
    this.busy = false;
    this.problem = "";
    /** @type {any[]} the newest first */
    this.items = [];
    this.listedFor = null;
    this.level = "scene";
    /** @type {{from: number, to: number, level: string, counts: any, items: any[]} | null} */
    this.comparison = null;
    this.emit("change");
  }

  /** The number of the result that is shown, or null. */
  get shown() {
    return this.items.find(({ current }) => current)?.revision ?? null;
  }

  /** Show this result from now on, to everybody. */
  choose(revision) {
    return this.#send(async () => {
      this.comparison = null;
      session.update(await chooseRevision(session.id, revision));
      await this.#list();
    });
  }

  /** What came, went and moved from this result to the one that is shown. */
  compare(revision) {
    return this.#send(async () => {
      this.comparison = await compareRevisions(session.id, revision, this.shown, this.level, this.abort.signal);
    });
  }

  endComparison() {
    this.comparison = null;
    this.emit("change");
  }

  /** Compare another level. */
  chooseLevel(level) {
    this.level = level;
    if (this.comparison) this.compare(this.comparison.from);
  }

  #read() {
    return this.#send(() => this.#list());
  }

  async #list() {
    this.listedFor = session.video?.revision ?? null;
    const { items } = await listRevisions(session.id, this.abort.signal);
    this.items = items;
    if (this.comparison && this.comparison.to !== this.shown) this.comparison = null;
  }

  /** Only the newest of several overlapping requests counts. */
  async #send(work) {
    this.abort?.abort();
    const abort = new AbortController();
    this.abort = abort;
    this.busy = true;
    this.problem = "";
    this.emit("change");
    try {
      await work();
    } catch (error) {
      if (abort.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      this.problem = error.message;
    }
    if (this.abort !== abort) return;
    this.busy = false;
    this.emit("change");
  }
}

export const revisions = new Revisions();
