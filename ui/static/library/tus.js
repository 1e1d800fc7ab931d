/**
 * A resumable upload (tus 1.0.0, https://tus.io/protocols/resumable-upload): one file in parts, with the true
 * progress of each part, going on after broken connections and reloads where the server says it stopped.
 * Knows nothing of the page.
 */
import { access } from "../api/access.js";
import { API, ApiError, problemError } from "../api/requests.js";

const TUS_VERSION = "1.0.0";
const VIDEO_ID_HEADER = "Scenestream-Video-Id";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15000;

/** Longer than a restart of everything takes; after that a person should know. */
const GIVE_UP_AFTER_MS = 15 * 60 * 1000;

/** How long the server may take to make a video of a file that is all there. */
const FINISHING_MS = 60 * 60 * 1000;

/** An error inside the server seldom goes away: fewer tries than for a server that is not there. */
const TRIES_AFTER_SERVER_ERROR = 4;

const MEMORY_PREFIX = "scenestream.upload:";

/** Answers after which the server is asked how far it came: an offset that differs, or a locked upload. */
const ASK_AGAIN = new Set([409, 423, 429, 460]);

/** The upload is not known any more; it begins again. */
const GONE = new Set([404, 410]);

/** Stopped by the person. */
export class Aborted extends Error {}

/** Text as base64 of its UTF-8 bytes, for Upload-Metadata. */
export function base64(text) {
  let binary = "";
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/**
 * @typedef {object} Hooks
 * @property {(sentBytes: number) => void} onProgress bytes that are on their way or stored
 * @property {(waiting: boolean) => void} onWaiting true while the server does not answer
 */

export class TusUpload {
  /**
   * @param {File} file
   * @param {Record<string, string>} metadata what the API reads besides the name
   * @param {number} partBytes
   * @param {Hooks} hooks
   */
  constructor(file, metadata, partBytes, hooks) {
    this.file = file;
    this.metadata = { filename: file.name, filetype: file.type, ...metadata };
    this.partBytes = partBytes;
    this.hooks = hooks;
    this.aborted = false;
    this.url = null;
    this.memoryKey = MEMORY_PREFIX + [file.name, file.size, file.lastModified,
      JSON.stringify(metadata)].join("|");
  }

  /**
   * Upload all of it.
   * @returns {Promise<string>} the id of the video
   * @throws {ApiError} with the server's sentence, or Aborted
   */
  async start() {
    this.url = recall(this.memoryKey);
    let state = this.url ? await this.#persist(() => this.#head(), () => null) : null;
    if (!state) state = await this.#create();
    while (!state.videoId) {
      const { offset } = state;
      this.hooks.onProgress(offset);
      state = offset < this.file.size
        ? await this.#persist(() => this.#part(offset), () => null)
        : await this.#made(state);
      state ??= await this.#create();
    }
    forget(this.memoryKey);
    return state.videoId;
  }

  /** The whole file is there: wait for its video, which takes the server minutes if the film is long. */
  async #made(state) {
    const giveUpAt = Date.now() + FINISHING_MS;
    let waitMs = FIRST_WAIT_MS;
    let seen = state;
    while (seen && !seen.videoId && seen.offset >= this.file.size) {
      if (Date.now() > giveUpAt) {
        throw new ApiError("The server has the whole file but made no video of it. Upload it again.");
      }
      await this.#pause(waitMs);
      waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
      seen = await this.#persist(() => this.#head(), () => null);
    }
    return seen;
  }

  /** Stop, and have the server throw away what it has. */
  async abort() {
    this.aborted = true;
    this.request?.abort();
    this.wake?.();
    forget(this.memoryKey);
    if (!this.url) return;
    try {
      await fetch(this.url, { method: "DELETE", headers: { "Tus-Resumable": TUS_VERSION }, keepalive: true });
    } catch (error) {
      // Unreachable: the server drops unfinished uploads by itself when they expire.
      console.info("the upload was stopped here, not on the server:", error.message);
    }
  }

  async #create() {
    const metadata = Object.entries(this.metadata).filter(([, value]) => value)
      .map(([key, value]) => `${key} ${base64(value)}`).join(",");
    const answer = await this.#persist(() => this.#send("POST", `${API}/uploads`, {
      "Upload-Length": String(this.file.size), "Upload-Metadata": metadata,
    }));
    const location = answer.getResponseHeader("Location");
    if (!location) throw new ApiError("The server did not say where to upload to.", { status: 500 });
    // Behind a proxy that ends TLS the server may not know its own name: only the path counts.
    this.url = new URL(location, window.location.href).pathname;
    remember(this.memoryKey, this.url);
    return { offset: 0, videoId: answer.getResponseHeader(VIDEO_ID_HEADER) };
  }

  async #head() {
    const answer = await this.#send("HEAD", this.url, {});
    return readState(answer);
  }

  async #part(offset) {
    const answer = await this.#send("PATCH", this.url, {
      "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream",
    }, this.file.slice(offset, offset + this.partBytes), offset);
    return readState(answer);
  }

  /**
   * Try until it works: waits longer each time, and after a failed part first asks how far the server came.
   * @param {() => Promise<any>} step
   * @param {() => any} [onGone] what to give back when the upload is not known (any more)
   */
  async #persist(step, onGone = null) {
    let waitMs = FIRST_WAIT_MS;
    const giveUpAt = Date.now() + GIVE_UP_AFTER_MS;
    let next = step;
    let serverErrors = 0;
    for (;;) {
      if (this.aborted) throw new Aborted();
      try {
        const result = await next();
        this.hooks.onWaiting(false);
        return result;
      } catch (error) {
        if (this.aborted) throw new Aborted();
        if (!(error instanceof ApiError)) throw error;
        if (error.status === 401) {
          await access.signIn();
          continue;
        }
        if (onGone && GONE.has(error.status)) {
          forget(this.memoryKey);
          return onGone();
        }
        if (error.status === 500) serverErrors += 1;
        const hopeless = !(error.passing || ASK_AGAIN.has(error.status));
        if (hopeless || serverErrors >= TRIES_AFTER_SERVER_ERROR || Date.now() > giveUpAt) throw error;
        if (error.status === 0) await this.#checkFile();
        this.hooks.onWaiting(error.status === 0 || error.status >= 500);
        await this.#pause(Math.max(waitMs, (error.retryAfterS ?? 0) * 1000));
        waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
        if (onGone) next = () => this.#head();
      }
    }
  }

  /** A file that was moved or changed since it was chosen fails like a broken connection, but for ever. */
  async #checkFile() {
    try {
      await this.file.slice(0, 1).arrayBuffer();
    } catch {
      throw new ApiError("The file cannot be read any more. Was it moved or changed? Choose it again.");
    }
  }

  /** Wait, but not longer than until the network is back or the person stops it. */
  #pause(ms) {
    return new Promise((resolve) => {
      const done = () => {
        window.clearTimeout(timer);
        window.removeEventListener("online", done);
        resolve();
      };
      const timer = window.setTimeout(done, ms);
      window.addEventListener("online", done);
      this.wake = done;
    });
  }

  /** One request; XMLHttpRequest because fetch does not tell how much of a body has gone out. */
  #send(method, url, headers, body = null, offset = 0) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      this.request = request;
      request.open(method, url);
      request.setRequestHeader("Tus-Resumable", TUS_VERSION);
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      if (body) request.upload.onprogress = (event) => this.hooks.onProgress(offset + event.loaded);
      request.onerror = () => reject(new ApiError("The connection broke during the upload."));
      request.onabort = () => reject(new Aborted());
      request.onload = () => {
        if (request.status >= 200 && request.status < 300) {
          resolve(request);
          return;
        }
        const error = problemError(request.status, request.responseText);
        // An answer to HEAD has no body; that it is the API's own and no proxy's shows in its type.
        if (method === "HEAD" && isProblem(request)) error.status = request.status;
        error.retryAfterS = Number(request.getResponseHeader("Retry-After")) || 0;
        reject(error);
      };
      request.send(body);
    });
  }
}

function isProblem(answer) {
  return (answer.getResponseHeader("Content-Type") ?? "").startsWith("application/problem+json");
}

function readState(answer) {
  return {
    offset: Number(answer.getResponseHeader("Upload-Offset")),
    videoId: answer.getResponseHeader(VIDEO_ID_HEADER),
  };
}

/** Where an unfinished upload of the same file went, kept by this browser (not in private windows). */
function recall(key) {
  try {
    return window.localStorage.getItem(key);
  } catch {
    return null;
  }
}

function remember(key, url) {
  try {
    window.localStorage.setItem(key, url);
  } catch {
    console.info("this browser keeps nothing: an upload cannot be resumed after a reload");
  }
}

function forget(key) {
  try {
    window.localStorage.removeItem(key);
  } catch {
    console.info("this browser keeps nothing: there was nothing to forget");
  }
}
