/**
 * Tracks whether the API is reachable. Modules report a request that got no answer; the readiness endpoint is then
 * polled with exponential back-off until it is healthy, and `change` makes the listeners read their data again. A
 * request that succeeds in between does not end the outage: it may not use the server that is down.
 *
 * Events: `change` (true: lost, false: reachable again), `detail` (`unhealthy` was read again).
 */
import { Emitter } from "../toolkit/emitter.js";

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 10000;
const RETRY_FACTOR = 1.5;

class Connection extends Emitter {
  constructor() {
    super();
    this.lost = false;
    /** @type {string[]} names of the servers behind the API that do not answer */
    this.unhealthy = [];
    this.readyUrl = "";
    this.timer = 0;
    this.delayMs = FIRST_RETRY_MS;
    window.addEventListener("online", () => this.lost && this.#check());
  }

  /** A request got no answer, or a proxy answered because the API did not. */
  reportLost() {
    if (this.lost) return;
    this.lost = true;
    this.unhealthy = [];
    this.delayMs = FIRST_RETRY_MS;
    this.emit("change", true);
    this.#schedule();
  }

  #schedule() {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.#check(), this.delayMs);
    this.delayMs = Math.min(LONGEST_RETRY_MS, this.delayMs * RETRY_FACTOR);
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
      this.unhealthy = servers.filter((server) => !server.healthy).map((server) => server.name);
    } catch {
      // Still no answer, or a proxy's page instead of JSON: the next check tries again.
      this.unhealthy = [];
    }
    this.emit("detail");
    this.#schedule();
  }
}

export const connection = new Connection();
