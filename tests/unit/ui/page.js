/**
 * What of a browser the page's modules need where Node loads them: an address, timers that do not wait, requests that a
 * test answers, and media elements that a test lets play. Imported before the modules.
 */
const silent = { addEventListener() {} };

globalThis.window = { ...silent, location: { href: "http://page.test/?v=film", search: "?v=film" },
  setTimeout: (call) => setTimeout(call, 1), clearTimeout };
globalThis.document = { ...silent, baseURI: "http://page.test/", hidden: false, getElementById: () => null };
globalThis.HTMLMediaElement = { HAVE_METADATA: 1 };

/** A media element; where its file is not `readable`, loading it fails. */
export class FakeMedia extends EventTarget {
  #src = "";
  #timeS = 0;

  constructor({ readable = true } = {}) {
    super();
    Object.assign(this, { readable, readyState: 0, paused: true, ended: false, seeking: false, error: null,
      videoWidth: 0, videoHeight: 0 });
  }

  get src() { return this.#src; }

  set src(address) {
    this.#src = address;
    setTimeout(() => (this.readable ? this.ready() : this.fail()));
  }

  get currentTime() { return this.#timeS; }

  set currentTime(seconds) {
    this.#timeS = seconds;
    setTimeout(() => this.dispatchEvent(new Event("seeked")));
  }

  /** Its metadata is there. */
  ready() {
    Object.assign(this, { readyState: 1, videoWidth: 640, videoHeight: 360 });
    this.dispatchEvent(new Event("loadedmetadata"));
  }

  fail() {
    this.error = { code: 4 };
    this.dispatchEvent(new Event("error"));
  }

  removeAttribute() { this.#src = ""; }
  load() {}
}

/**
 * Answer the page's requests; `answer` gets the method and the path, and returns the document.
 * @param {(method: string, path: string) => object} answer
 */
export function answerWith(answer) {
  globalThis.fetch = async (address, { method = "GET" } = {}) => Response.json(answer(method, address));
}
