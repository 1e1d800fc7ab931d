/**
 * Reads `GET /cluster` at an interval while the view is shown and the tab is in front, and after an outage.
 *
 * Events: `change` (`document` was read, `readAt` says when), `problem` (`problem`: why it could not be read).
 */
import { Emitter } from "../toolkit/emitter.js";
import { currentView, onChange } from "../toolkit/router.js";
import { access } from "../api/access.js";
import { connection } from "../api/connection.js";
import { getCluster } from "../api/requests.js";

/** Interval of reading, and the one after an answer that was an error. */
const POLL_MS = 2000;
const POLL_AFTER_ERROR_MS = 5000;

class Live extends Emitter {
  constructor() {
    super();
    /** The document that was read last, and when (ms since the epoch). */
    this.document = null;
    this.readAt = 0;
    /** @type {(Error & {status?: number}) | null} an ApiError */
    this.problem = null;
    /** @type {AbortController | null} */
    this.abort = null;
    this.timer = 0;
  }

  /** Follow the address, the tab, the session and the connection. Called once. */
  start() {
    onChange(() => this.follow());
    access.on("change", () => this.follow());
    connection.on("change", (lost) => !lost && this.follow());
    document.addEventListener("visibilitychange", () => this.follow());
    this.follow();
  }

  /** Whether this key may see the installation. While the session is not known yet, it is tried. */
  get allowed() {
    return access.may("admin");
  }

  /** Read now where the view is shown, else stop. */
  follow() {
    this.#stop();
    if (currentView() !== "cluster") return;
    if (!this.allowed) this.emit("problem");
    else if (!document.hidden) this.#read();
  }

  #stop() {
    window.clearTimeout(this.timer);
    this.abort?.abort();
    this.abort = null;
  }

  async #read() {
    const abort = (this.abort = new AbortController());
    try {
      const read = await getCluster(abort.signal);
      if (this.abort !== abort) return;
      this.document = read;
      this.readAt = Date.now();
      this.problem = null;
      this.emit("change");
    } catch (error) {
      if (this.abort !== abort || error.name === "AbortError") return;
      this.problem = error;
      this.emit("problem");
    }
    this.timer = window.setTimeout(() => this.#read(), this.problem ? POLL_AFTER_ERROR_MS : POLL_MS);
  }
}

export const live = new Live();
