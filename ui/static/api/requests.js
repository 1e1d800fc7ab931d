/** The HTTP API as functions. Errors are `ApiError`s that carry the problem document's code and sentence. */
import { access } from "./access.js";
import { connection } from "./connection.js";

const config = JSON.parse(document.getElementById("scenestream-config")?.textContent ?? "{}");

/** Path of the API on this origin. */
export const API = config.api ?? "/api/v1";
connection.readyUrl = `${API}/readyz`;
access.sessionUrl = `${API}/session`;

/** The largest page of segments that is asked for at once. */
const PAGE_LIMIT = 1000;

/** Nobody behind the proxy: the same as no answer. */
const GATEWAY_STATUSES = new Set([502, 503, 504]);

/** A request that was refused or not answered. */
export class ApiError extends Error {
  /**
   * @param {string} message a sentence for people
   * @param {{code?: string, status?: number}} [what] status 0: no answer at all
   */
  constructor(message, { code = "unavailable", status = 0 } = {}) {
    super(message);
    this.code = code;
    this.status = status;
  }

  /** Trying the same again later may help. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

const NO_ANSWER = "The server does not answer. Try again in a moment.";

/** The error that a problem document (RFC 9457) or any other refusal stands for. */
export function problemError(status, text) {
  try {
    const problem = JSON.parse(text);
    const message = problem.detail || problem.title;
    if (message && problem.code) return new ApiError(String(message), { code: String(problem.code), status });
  } catch {
    // Not a problem document: a proxy's page, for instance. The status has to do.
  }
  // While the API is started anew, the proxy before it knows no route yet: that 404 is not about a video.
  return new ApiError(`The server answered with an error (${status}). Try again in a moment.`, {
    code: `http_${status}`, status: status === 404 ? 503 : status });
}

/**
 * One request; where the API wants a key first, it waits for that.
 * @param {string} path below the API's prefix
 * @param {RequestInit} [options]
 * @returns {Promise<any>} the parsed JSON, or null for an empty answer
 */
export async function request(path, options = {}) {
  let answer;
  let text;
  try {
    answer = await fetch(API + path, { cache: "no-store", ...options });
    text = await answer.text();
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    connection.reportLost();
    throw new ApiError(NO_ANSWER);
  }
  if (!answer.ok) {
    if (answer.status === 401) {
      await access.signIn();
      return request(path, options);
    }
    if (GATEWAY_STATUSES.has(answer.status)) connection.reportLost();
    throw problemError(answer.status, text);
  }
  return text ? JSON.parse(text) : null;
}

const post = (path, body, signal) => request(path, { method: "POST", signal, body: JSON.stringify(body),
  headers: { "Content-Type": "application/json" } });
const video = (id) => `/videos/${encodeURIComponent(id)}`;

/** @returns {Promise<{items: any[], next_cursor: string | null}>} */
export function listVideos({ q = "", cursor = null, limit = 30, signal } = {}) {
  const params = new URLSearchParams({ limit: String(limit) });
  if (q) params.set("q", q);
  if (cursor) params.set("cursor", cursor);
  return request(`/videos?${params}`, { signal });
}

export const getVideo = (id, signal) => request(video(id), { signal });
export const cancelVideo = (id) => request(`${video(id)}/cancel`, { method: "POST" });
export const retryVideo = (id) => request(`${video(id)}/retry`, { method: "POST" });
/** What other settings would give, of a video that is done; nothing is stored. */
export const previewSettings = (id, wanted, signal) => post(`${video(id)}/resegment`, { ...wanted, dry_run: true },
  signal);
/** A new result with other settings, from what was measured. */
export const resegmentVideo = (id, wanted) => post(`${video(id)}/resegment`, wanted);
export const deleteVideo = (id) => request(video(id), { method: "DELETE" });
export const getSignals = (id, points, signal) => request(`${video(id)}/signals?points=${points}`, { signal });
export const getDocument = (id, signal) => request(`${video(id)}/export?format=json`, { signal });

/** Have segments cut into files of their own. */
export const orderClips = (id, order) => post(`${video(id)}/clips`, order);
/** The newest orders of a video's clips. */
export const listClips = (id) => request(`${video(id)}/clips?limit=20`);
const clipsOf = (id, clipsId) => `${video(id)}/clips/${encodeURIComponent(clipsId)}`;
export const cancelClips = (id, clipsId) => request(`${clipsOf(id, clipsId)}/cancel`, { method: "POST" });
export const deleteClips = (id, clipsId) => request(clipsOf(id, clipsId), { method: "DELETE" });

export const eventsUrl = (id) => `${API}${video(id)}/events`;
export const mediaUrl = (id) => `${API}${video(id)}/media`;
export const exportUrl = (id, format) => `${API}${video(id)}/export?format=${format}`;

/** A segment's still: the API gives an address, or the number to build it from. */
export function thumbnailUrl(id, segment) {
  const { thumbnail } = segment;
  if (thumbnail === null || thumbnail === undefined || thumbnail === "") return null;
  if (typeof thumbnail === "string" && thumbnail.includes("/")) return thumbnail;
  return `${API}${video(id)}/thumbnails/${encodeURIComponent(String(thumbnail).replace(/\.webp$/, ""))}.webp`;
}

/**
 * All segments of a level.
 * @returns {Promise<{items: any[], state: string, revision: number}>}
 */
export async function getSegments(id, level, signal) {
  const items = [];
  let cursor = null;
  for (;;) {
    const params = new URLSearchParams({ level, limit: String(PAGE_LIMIT) });
    if (cursor) params.set("cursor", cursor);
    const page = await request(`${video(id)}/segments?${params}`, { signal });
    items.push(...page.items);
    cursor = page.next_cursor;
    if (!cursor) return { items, state: page.state, revision: page.revision };
  }
}
