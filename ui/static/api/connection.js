/**
 * Whether the API answers. Requests report here; once one went unanswered, the readiness check is asked until it
 * is well again, and then everybody is told to look anew. A request that succeeds meanwhile proves nothing: it
 * may not have needed the server that is away.
 *
 * Events: `change` (lost or found), `detail` (which servers behind the API are away).
 */
import { Emitter } from "../toolkit/emitter.js";

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 10000;

class Connection extends Emitter {
  constructor() {
    super();
    this.lost = false;
    /** @type {string[]} */
    this.away = [];
    this.readyUrl = "";
    this.timer = 0;
    this.delayMs = FIRST_RETRY_MS;
    window.addEventListener("online", () => this.lost && this.#check());
  }

  /** A request got no answer, or one from a proxy that has nothing behind it. */
  reportLost() {
    if (this.lost) return;
    this.lost = true;
    this.away = [];
    this.delayMs = FIRST_RETRY_MS;
    this.emit("change", true);
    this.#later();
  }

  #later() {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.#check(), this.delayMs);
    this.delayMs = Math.min(LONGEST_RETRY_MS, this.delayMs * 1.5);
  }

  async #check() {
    try {
      const answer = await fetch(this.readyUrl, { cache: "no-store" });
      if (answer.ok) {
        this.lost = false;
        window.clearTimeout(this.timer);
        this.emit("change", false);
        return;
      }
      const { servers = [] } = await answer.json();
      this.away = servers.filter((server) => !server.healthy).map((server) => server.name);
    } catch {
      // Still nobody there, or a proxy's page: exactly what the next check is for.
      this.away = [];
    }
    this.emit("detail");
    this.#later();
  }
}

export const connection = new Connection();
