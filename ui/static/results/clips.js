/**
 * Clips of the video that is open: what is ordered, and what becomes of it. Orders live on the server; this asks
 * for them while one of them is under way and the strip is open.
 *
 * Events: `change` (open or not, choices, orders, an error).
 */
import { Emitter } from "../toolkit/emitter.js";
import { ApiError, cancelClips, deleteClips, listClips, orderClips } from "../api/requests.js";
import { TERMINAL } from "../video/names.js";
import { session } from "../video/session.js";

const ASK_EVERY_MS = 1000;

class Clips extends Emitter {
  constructor() {
    super();
    this.close();
    session.on("opened", () => this.close());
    session.on("video", (video) => this.open && video.state !== "done" && this.close());
  }

  /** Show what there is. */
  begin() {
    this.open = true;
    this.#ask();
    this.emit("change");
  }

  close() {
    window.clearTimeout(this.timer);
    this.open = false;
    this.busy = false;
    this.problem = "";
    this.level = "scene";
    this.mode = "exact";
    /** The sound the segments must have; empty: any. */
    this.label = "";
    /** @type {any[]} the newest orders of this video */
    this.orders = [];
    this.emit("change");
  }

  /** @param {"level" | "mode" | "label"} what */
  choose(what, value) {
    this[what] = value;
    if (what === "level" && !this.labels.includes(this.label)) this.label = "";
    this.problem = "";
    this.emit("change");
  }

  /** The labels that the level's segments have. */
  get labels() {
    return [...new Set(session.segments[this.level].map((segment) => segment.label))].sort();
  }

  /** How many clips the choices make. */
  get count() {
    const segments = session.segments[this.level];
    return this.label ? segments.filter((segment) => segment.label === this.label).length : segments.length;
  }

  order() {
    const select = this.label ? { labels: [this.label] } : {};
    return this.#do(orderClips(session.id, { level: this.level, mode: this.mode, select }));
  }

  cancel(order) {
    return this.#do(cancelClips(session.id, order.id));
  }

  remove(order) {
    return this.#do(deleteClips(session.id, order.id));
  }

  async #do(request) {
    this.busy = true;
    this.problem = "";
    this.emit("change");
    try {
      await request;
    } catch (error) {
      this.#fail(error);
    }
    this.busy = false;
    this.#ask();
  }

  async #ask() {
    window.clearTimeout(this.timer);
    const { id } = session;
    try {
      const { items } = await listClips(id);
      if (!this.open || session.id !== id) return;
      this.orders = items;
    } catch (error) {
      this.#fail(error);
    }
    if (this.open && this.orders.some((order) => !TERMINAL.has(order.state))) {
      this.timer = window.setTimeout(() => this.#ask(), ASK_EVERY_MS);
    }
    this.emit("change");
  }

  #fail(error) {
    if (!(error instanceof ApiError)) throw error;
    this.problem = error.message;
  }
}

export const clips = new Clips();
