/**
 * Orders clips of the open video and follows the orders. The server keeps them; they are polled while the panel is open
 * and one of them is not finished. Knows no element of the page.
 *
 * Events: `change` (opened or closed, choices, orders, an error).
 */
import { Emitter } from "../toolkit/emitter.js";
import { ApiError, cancelClips, deleteClips, listClips, orderClips } from "../api/requests.js";
import { TERMINAL } from "../video/names.js";
import { session } from "../video/session.js";
import { choice } from "./choice.js";
import { drawer } from "./drawer.js";

/** Interval of reading the orders. */
const POLL_MS = 1000;

/** The most clips of one order. */
export const MAX_CLIPS = 5000;

/** Roles of segments that nobody wants as files of their own. */
const LEFT_OUT = ["black", "bars", "slate", "credits"];
const isLeftOut = (segment) => LEFT_OUT.includes(segment.role);

class Clips extends Emitter {
  constructor() {
    super();
    this.close();
    session.on("opened", () => this.close());
    session.on("video", (video) => this.open && video.state !== "done" && this.close());
    choice.on("change", () => this.open && this.#followChoice());
  }

  /** Open the panel and read the orders. */
  begin() {
    this.open = true;
    this.#poll();
    this.emit("change");
  }

  /** Close the panel and go back to the first choices; orders go on. */
  close() {
    window.clearTimeout(this.timer);
    this.open = false;
    this.busy = false;
    this.problem = "";
    this.level = "scene";
    this.mode = "exact";
    /** Only segments with this label are cut; empty: all. */
    this.label = "";
    /** Black, colour bars, slates and credits are not cut. */
    this.contentOnly = false;
    /** Only the chosen segments are cut; the level is theirs. */
    this.only = false;
    /** @type {any[]} this video's orders, the newest first */
    this.orders = [];
    this.emit("change");
  }

  /** Cut the chosen segments only. */
  chooseOnly(only) {
    this.only = only && choice.any;
    if (this.only) {
      this.level = choice.level;
      this.label = "";
      this.contentOnly = false;
    }
    this.problem = "";
    this.emit("change");
  }

  #followChoice() {
    if (this.only) this.chooseOnly(true);
    else this.emit("change");
  }

  /** @param {"level" | "mode" | "label" | "contentOnly"} what */
  choose(what, value) {
    this[what] = value;
    if (what === "level" && !this.labels.includes(this.label)) this.label = "";
    this.problem = "";
    this.emit("change");
  }

  /** The labels of the level's segments, sorted. */
  get labels() {
    return [...new Set(session.segments[this.level].map((segment) => segment.label))].sort();
  }

  /** Whether the level has segments that `contentOnly` leaves out. */
  get hasOthers() {
    return session.segments[this.level].some(isLeftOut);
  }

  /** How many clips the choices give. */
  get count() {
    if (this.only) return choice.indices.length;
    const kept = (segment) => (!this.label || segment.label === this.label) && !(this.contentOnly && isLeftOut(segment));
    return session.segments[this.level].filter(kept).length;
  }

  order() {
    const select = this.only ? { indices: choice.indices } : {
      ...(this.label && { labels: [this.label] }), ...(this.contentOnly && { not_roles: LEFT_OUT }) };
    const order = { level: this.level, mode: this.mode, select, max_clips: this.count };
    return this.#send(orderClips(session.id, order, session.segmentsRevision));
  }

  cancel(order) {
    return this.#send(cancelClips(session.id, order.id));
  }

  remove(order) {
    return this.#send(deleteClips(session.id, order.id));
  }

  /** Wait for a request that changes the orders, then read them. */
  async #send(request) {
    this.busy = true;
    this.problem = "";
    this.emit("change");
    try {
      await request;
    } catch (error) {
      this.#fail(error);
    }
    this.busy = false;
    this.#poll();
  }

  async #poll() {
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
      this.timer = window.setTimeout(() => this.#poll(), POLL_MS);
    }
    this.emit("change");
  }

  #fail(error) {
    if (!(error instanceof ApiError)) throw error;
    this.problem = error.message;
  }
}

export const clips = new Clips();

/** Show the pane in which the chosen segments are cut. */
export function cutChosen() {
  drawer.open("clips");
  clips.chooseOnly(true);
}
