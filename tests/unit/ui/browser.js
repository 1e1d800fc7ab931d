/**
 * What modules of the page need of a browser when they are loaded: an address, storage, timers that do not keep Node.js
 * alive, no elements. A test imports it before them.
 */

/** A `Storage` of the browser, in memory. */
export class MemoryStorage {
  #items = new Map();

  get length() { return this.#items.size; }
  key(place) { return [...this.#items.keys()][place] ?? null; }
  getItem(key) { return this.#items.get(key) ?? null; }
  setItem(key, text) { this.#items.set(key, String(text)); }
  removeItem(key) { this.#items.delete(key); }
}

const ORIGIN = "http://scenestream.test";
const location = new URL(`${ORIGIN}/`);
const goTo = (_state, _title, address) => {
  location.href = new URL(address, ORIGIN).href;
};

globalThis.document = { hidden: false, baseURI: `${ORIGIN}/`, addEventListener() {}, getElementById: () => null };
globalThis.window = {
  location,
  history: { pushState: goTo, replaceState: goTo },
  localStorage: new MemoryStorage(),
  addEventListener() {},
  removeEventListener() {},
  setInterval: (...call) => setInterval(...call).unref(),
  setTimeout: (...call) => setTimeout(...call).unref(),
  clearTimeout: (timer) => clearTimeout(timer),
};

/** Answer `fetch` by this function from now on. @param {(address: string, options: RequestInit) => any} answer */
export function serve(answer) {
  globalThis.fetch = async (address, options = {}) => answer(String(address), options);
}

/** An answer that is no document of the API's: what a proxy says by itself. */
export const proxyAnswer = (status) => new Response(null, { status, headers: { "Content-Type": "text/plain" } });

/** A problem of the API's. */
export const problem = (status, code = "not_found") => new Response(JSON.stringify({ code, title: code, status }),
  { status, headers: { "Content-Type": "application/problem+json" } });

/** Let what is waiting run until the condition holds. */
export async function until(condition) {
  for (let turn = 0; turn < 1000; turn += 1) {
    if (condition()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`never came: ${condition}`);
}
