/**
 * How large the parts of an upload are. A part that breaks off is sent again from its beginning, so on a slow line
 * parts are small; on a fast one they are large, since each costs a round trip. Pure but for its own state.
 */

/** The first part, and the least: half a minute at 0.25 Mbit/s. */
const LEAST_BYTES = 1 << 20;

/** A part that took less is followed by one twice as large, and one that took more by one half as large. */
const QUICK_MS = 3000;
const SLOW_MS = 12000;

export class PartSize {
  /** @param {number} mostBytes what the server takes */
  constructor(mostBytes) {
    this.mostBytes = mostBytes;
    this.bytes = Math.min(LEAST_BYTES, mostBytes);
  }

  /** A part of `bytes` was stored after `tookMs`. */
  sent(tookMs) {
    if (tookMs < QUICK_MS) this.#set(this.bytes * 2);
    else if (tookMs > SLOW_MS) this.#set(this.bytes / 2);
  }

  /** A part was not stored. */
  broke() {
    this.#set(LEAST_BYTES);
  }

  #set(bytes) {
    this.bytes = Math.min(this.mostBytes, Math.max(LEAST_BYTES, bytes));
  }
}
