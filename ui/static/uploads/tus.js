/**
 * Client of the resumable upload protocol tus 1.0.0 (https://tus.io/protocols/resumable-upload). It sends one file in
 * parts, as large as the line carries (parts.js), and reports the bytes sent. After a broken connection, a pause or a
 * reload it asks the server for its offset and continues there. Knows no element of the page.
 */
import { access } from "../api/access.js";
import { API, ApiError, problemError, reachable } from "../api/requests.js";
import { PartSize } from "./parts.js";
import { forget, recall, remember } from "./unfinished.js";

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

/** Wrong offset, locked upload, too many requests, wrong checksum: ask the server for its offset and go on there. */
const ASK_AGAIN = new Set([409, 423, 429, 460]);

/** The server does not have the upload any more: it begins again. */
const GONE = new Set([404, 410]);

/** The person stopped the upload. */
export class Aborted extends Error {}

/** The person paused the upload: `start` goes on where it was. */
export class Paused extends Error {}

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
    this.parts = new PartSize(partBytes);
    this.hooks = hooks;
    this.aborted = false;
    this.paused = false;
    this.url = null;
  }

  /**
   * Upload the whole file.
   * @returns {Promise<string>} the id of the video
   * @throws {ApiError} with the server's sentence
   * @throws {Aborted} after `abort`
   * @throws {Paused} after `pause`
   */
  async start() {
    this.paused = false;
    this.url = recall(this.file, this.metadata.preset);
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
    forget(this.file, this.metadata.preset);
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

  /** Stop sending; the server keeps what it has. `start` goes on. */
  pause() {
    this.paused = true;
    this.request?.abort();
    this.wake?.();
  }

  /** Stop the upload and have the server delete the bytes it has. */
  async abort() {
    this.aborted = true;
    this.request?.abort();
    this.wake?.();
    forget(this.file, this.metadata.preset);
    if (this.url) await forgetOnServer(this.url);
  }

  async #create() {
    const metadata = Object.entries(this.metadata).filter(([, value]) => value)
      .map(([key, value]) => `${key} ${base64(value)}`).join(",");
    const answer = await this.#retrying(() => this.#send("POST", `${API}/uploads`, {
      "Upload-Length": String(this.file.size), "Upload-Metadata": metadata,
    }));
    const location = answer.getResponseHeader("Location");
    if (!location) throw new ApiError("The server did not say where to upload to.", { status: 500 });
    this.url = reachable(location);
    remember(this.file, this.metadata.preset, this.url, 0);
    return { offset: 0, videoId: answer.getResponseHeader(VIDEO_ID_HEADER) };
  }

  async #head() {
    const answer = await this.#send("HEAD", this.url, {});
    return readState(answer);
  }

  async #sendPart(offset) {
    const part = this.file.slice(offset, offset + this.parts.bytes);
    const beganMs = performance.now();
    try {
      const answer = await this.#send("PATCH", this.url, {
        "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream",
      }, part, offset);
      this.parts.sent(performance.now() - beganMs);
      const state = readState(answer);
      remember(this.file, this.metadata.preset, this.url, state.offset);
      return state;
    } catch (error) {
      this.parts.broke();
      throw error;
    }
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
      this.#checkWanted();
      try {
        const result = await next();
        this.hooks.onWaiting(false);
        return result;
      } catch (error) {
        this.#checkWanted();
        if (!(error instanceof ApiError)) throw error;
        if (error.status === 401) {
          await access.signIn();
          continue;
        }
        if (onGone && GONE.has(error.status)) {
          forget(this.file, this.metadata.preset);
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

  #checkWanted() {
    if (this.aborted) throw new Aborted();
    if (this.paused) throw new Paused();
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
        if (method === "HEAD" && isProblem(request.getResponseHeader("Content-Type"))) error.status = request.status;
        error.retryAfterS = Number(request.getResponseHeader("Retry-After")) || 0;
        reject(error);
      };
      request.send(body);
    });
  }
}

/** Whether an answer of this content type is the API's own word, and not that of a proxy before it. */
function isProblem(contentType) {
  return (contentType ?? "").startsWith("application/problem+json");
}

function readState(answer) {
  return {
    offset: Number(answer.getResponseHeader("Upload-Offset")),
    videoId: answer.getResponseHeader(VIDEO_ID_HEADER),
  };
}

/**
 * How many bytes of an upload the server has; null where it has none, or has made a video of it. Only the API can say
 * that it has none: while it restarts, Ray Serve's proxy answers 404 to everything.
 */
export async function offsetOnServer({ url, sentBytes }) {
  try {
    const answer = await fetch(url, { method: "HEAD", cache: "no-store", headers: { "Tus-Resumable": TUS_VERSION } });
    if (GONE.has(answer.status) && isProblem(answer.headers.get("Content-Type"))) return null;
    if (!answer.ok) return sentBytes;
    return answer.headers.get(VIDEO_ID_HEADER) ? null : Number(answer.headers.get("Upload-Offset"));
  } catch {
    return sentBytes; // no answer: what was known last
  }
}

/** Have the server delete the bytes it has of an upload. */
export async function forgetOnServer(url) {
  try {
    await fetch(url, { method: "DELETE", headers: { "Tus-Resumable": TUS_VERSION }, keepalive: true });
  } catch (error) {
    // No answer: the server deletes unfinished uploads by itself when they expire.
    console.info("the upload was stopped here, not on the server:", error.message);
  }
}
