/**
 * Client of the resumable upload protocol tus 1.0.0 (https://tus.io/protocols/resumable-upload). It sends one file in
 * parts and reports the bytes sent. After a broken connection or a reload it asks the server for its offset and
 * continues there. Knows no element of the page.
 */
import { access } from "../api/access.js";
import { API, ApiError, problemError } from "../api/requests.js";

const TUS_VERSION = "1.0.0";
const VIDEO_ID_HEADER = "Scenestream-Video-Id";

/** Exponential back-off between two tries. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15000;

/** One step of the upload is retried for so long: longer than a restart of all servers takes. */
const GIVE_UP_AFTER_MS = 15 * 60 * 1000;

/** How long the server may take to make a video of a complete file. */
const FINISHING_MS = 60 * 60 * 1000;

/** Status 500 is an error in the server, which retries seldom mend: fewer tries than without an answer. */
const TRIES_AFTER_SERVER_ERROR = 4;

/** Prefix of the keys in localStorage. */
const MEMORY_PREFIX = "scenestream.upload:";

/** Wrong offset, locked upload, too many requests, wrong checksum: ask the server for its offset and go on there. */
const ASK_AGAIN = new Set([409, 423, 429, 460]);

/** The server does not have the upload any more: it begins again. */
const GONE = new Set([404, 410]);

/** The person stopped the upload. */
export class Aborted extends Error {}

/** Text as base64 of its UTF-8 bytes, for Upload-Metadata. */
export function base64(text) {
  let binary = "";
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/**
 * @typedef {object} Hooks
 * @property {(sentBytes: number) => void} onProgress bytes of the file that were sent, stored or not
 * @property {(waiting: boolean) => void} onWaiting true while the server does not answer
 */

export class TusUpload {
  /**
   * @param {File} file
   * @param {Record<string, string>} metadata for Upload-Metadata, besides the file's name and type
   * @param {number} partBytes largest body of one request
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
   * Upload the whole file.
   * @returns {Promise<string>} the id of the video
   * @throws {ApiError} with the server's sentence
   * @throws {Aborted} after `abort`
   */
  async start() {
    this.url = recall(this.memoryKey);
    let state = this.url ? await this.#retrying(() => this.#head(), () => null) : null;
    if (!state) state = await this.#create();
    while (!state.videoId) {
      const { offset } = state;
      this.hooks.onProgress(offset);
      state = offset < this.file.size
        ? await this.#retrying(() => this.#sendPart(offset), () => null)
        : await this.#waitForVideo(state);
      state ??= await this.#create();
    }
    forget(this.memoryKey);
    return state.videoId;
  }

  /** Poll until the server has made a video of the complete file, which takes minutes for a long film. */
  async #waitForVideo(state) {
    const giveUpAt = Date.now() + FINISHING_MS;
    let waitMs = FIRST_WAIT_MS;
    let seen = state;
    while (seen && !seen.videoId && seen.offset >= this.file.size) {
      if (Date.now() > giveUpAt) {
        throw new ApiError("The server has the whole file but made no video of it. Upload it again.");
      }
      await this.#pause(waitMs);
      waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
      seen = await this.#retrying(() => this.#head(), () => null);
    }
    return seen;
  }

  /** Stop the upload and have the server delete the bytes it has. */
  async abort() {
    this.aborted = true;
    this.request?.abort();
    this.wake?.();
    forget(this.memoryKey);
    if (!this.url) return;
    try {
      await fetch(this.url, { method: "DELETE", headers: { "Tus-Resumable": TUS_VERSION }, keepalive: true });
    } catch (error) {
      // No answer: the server deletes unfinished uploads by itself when they expire.
      console.info("the upload was stopped here, not on the server:", error.message);
    }
  }

  async #create() {
    const metadata = Object.entries(this.metadata).filter(([, value]) => value)
      .map(([key, value]) => `${key} ${base64(value)}`).join(",");
    const answer = await this.#retrying(() => this.#send("POST", `${API}/uploads`, {
      "Upload-Length": String(this.file.size), "Upload-Metadata": metadata,
    }));
    const location = answer.getResponseHeader("Location");
    if (!location) throw new ApiError("The server did not say where to upload to.", { status: 500 });
    // Behind a proxy that terminates TLS the server may not know its public address: only the path is used.
    this.url = new URL(location, window.location.href).pathname;
    remember(this.memoryKey, this.url);
    return { offset: 0, videoId: answer.getResponseHeader(VIDEO_ID_HEADER) };
  }

  async #head() {
    const answer = await this.#send("HEAD", this.url, {});
    return readState(answer);
  }

  async #sendPart(offset) {
    const answer = await this.#send("PATCH", this.url, {
      "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream",
    }, this.file.slice(offset, offset + this.partBytes), offset);
    return readState(answer);
  }

  /**
   * Run `step` until it succeeds, with exponential back-off. After a failed part the next try is a HEAD request, which
   * gives the server's offset.
   * @param {() => Promise<any>} step
   * @param {() => any} [onGone] gives the result where the server does not have the upload any more
   */
  async #retrying(step, onGone = null) {
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
        const hopeless = !(error.transient || ASK_AGAIN.has(error.status));
        if (hopeless || serverErrors >= TRIES_AFTER_SERVER_ERROR || Date.now() > giveUpAt) throw error;
        if (error.status === 0) await this.#checkFile();
        this.hooks.onWaiting(error.status === 0 || error.status >= 500);
        await this.#pause(Math.max(waitMs, (error.retryAfterS ?? 0) * 1000));
        waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
        if (onGone) next = () => this.#head();
      }
    }
  }

  /**
   * A file that was moved or changed after it was chosen makes every request fail like a broken connection. Reading one
   * byte tells the two apart. Throws ApiError where the file cannot be read.
   */
  async #checkFile() {
    try {
      await this.file.slice(0, 1).arrayBuffer();
    } catch {
      throw new ApiError("The file cannot be read any more. Was it moved or changed? Choose it again.");
    }
  }

  /** Wait `ms`; the browser's `online` event and `abort` end the wait early. */
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

  /** Send one request. XMLHttpRequest, because fetch does not report how much of a body has been sent. */
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
        // An answer to HEAD has no body: only its content type shows whether the API or a proxy sent it.
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

/** The address of an unfinished upload of the same file, from localStorage, which private windows may refuse. */
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
