/**
 * The HTTP API, one function an operation. A refused or unanswered request throws `ApiError` with the code and the
 * sentence of the API's problem document.
 */
import { access } from "./access.js";
import { connection } from "./connection.js";

const config = JSON.parse(document.getElementById("scenestream-config")?.textContent ?? "{}");

/** Path of the API on this origin. It lies beside the page, which a proxy may serve below a prefix of its own. */
export const API = new URL(config.api ?? "api/v1", document.baseURI).pathname;

/** The path that the API itself knows, and writes into its answers. */
const API_ROOT = "/api/v1";

/**
 * The address, as this browser reaches it, of something that the API names in an answer: only its path below the API is
 * used, since behind a proxy the API may know neither its public address nor the prefix.
 */
export function reachable(address) {
  const { pathname, search } = new URL(address, window.location.href);
  const place = pathname.indexOf(`${API_ROOT}/`);
  return place < 0 ? address : API + pathname.slice(place + API_ROOT.length) + search;
}

connection.readyUrl = `${API}/readyz`;
access.sessionUrl = `${API}/session`;

/** Segments a page: the most that the API gives at once. */
const PAGE_LIMIT = 1000;

/** The proxy answers because the API does not: handled like no answer. */
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

  /** Whether the same request may succeed later. */
  get transient() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Two answers are of two results. */
export const CHANGED = "The result has just been changed. Try again in a moment.";

/** For people, where no answer came. */
export const NO_ANSWER = "The server does not answer. Try again in a moment.";

/** Make the error of a problem document (RFC 9457), or of any other answer that is not 2xx. */
export function problemError(status, text) {
  try {
    const problem = JSON.parse(text);
    const message = problem.detail || problem.title;
    if (message && problem.code) return new ApiError(String(message), { code: String(problem.code), status });
  } catch {
    // Not a problem document, for instance a proxy's page: only the status is known.
  }
  // While the API restarts, Ray Serve's proxy has no route for it and answers 404: that says nothing of a video.
  return new ApiError(`The server answered with an error (${status}). Try again in a moment.`, {
    code: `http_${status}`, status: status === 404 ? 503 : status });
}

/**
 * Send one request. After a 401 it waits for the sign-in dialog and sends the request again.
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
    const error = problemError(answer.status, text);
    // Without a problem document, 500 is the proxy's, whose only replica of the API has died.
    if (GATEWAY_STATUSES.has(answer.status) || error.code === "http_500") connection.reportLost();
    throw error;
  }
  return text ? JSON.parse(text) : null;
}

/** A key that no other request has. Not `randomUUID`, which browsers have only on pages that are encrypted. */
const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))]
  .map((byte) => byte.toString(16).padStart(2, "0")).join("");

const post = (path, body, signal) => request(path, { method: "POST", signal, body: JSON.stringify(body),
  headers: { "Content-Type": "application/json" } });
const video = (id) => `/videos/${encodeURIComponent(id)}`;

/**
 * The videos from a place of the list on, or around one of them.
 * @returns {Promise<{items: any[], offset: number, total: number}>}
 */
export function placeVideos({ q = "", state = "", order = "newest", around = null, offset, limit }) {
  const params = new URLSearchParams({ order, offset: String(offset), limit: String(limit) });
  if (q) params.set("q", q);
  if (state) params.set("state", state);
  if (around) params.set("around", around);
  return request(`/videos?${params}`);
}

/**
 * Moments by words, best first; not by names of videos.
 * @returns {Promise<{items: any[], next_cursor: string | null}>}
 */
export function searchMoments(q, { cursor = null, limit = 30, signal } = {}) {
  const params = new URLSearchParams({ q, from: "speech,screen,title,tag", limit: String(limit) });
  if (cursor) params.set("cursor", cursor);
  return request(`/search?${params}`, { signal });
}

/**
 * Have videos fetched by their addresses, at most 1,000; an outcome for each.
 * @returns {Promise<{items: {status: number, video: any, problem: any}[]}>}
 */
export const importVideos = (items) => request("/videos:batch", { method: "POST", body: JSON.stringify({ items }),
  headers: { "Content-Type": "application/json", "Idempotency-Key": newKey() } });

export const getVideo = (id, signal) => request(video(id), { signal });
export const cancelVideo = (id) => request(`${video(id)}/cancel`, { method: "POST" });
export const retryVideo = (id) => request(`${video(id)}/retry`, { method: "POST" });
/** The segments that other settings would give, of a video that is done; the server stores nothing. */
export const previewSettings = (id, wanted, signal) => post(`${video(id)}/resegment`, { ...wanted, dry_run: true },
  signal);
/** Fuse the stored measurements again with other settings, into a new revision. */
export const resegmentVideo = (id, wanted) => post(`${video(id)}/resegment`, wanted);
/**
 * Replace the starts of segments by those that a person gives, into a new revision.
 * @param {number} revision the one that is corrected; if another is current by then, the request fails with status 412
 * @returns {Promise<{revision: number}>}
 */
export const correctSegments = (id, revision, body) => request(`${video(id)}/segments`, { method: "PUT",
  body: JSON.stringify(body), headers: { "Content-Type": "application/json", "If-Match": `"${revision}"` } });
/** The results that are kept, the newest first. */
export const listRevisions = (id, signal) => request(`${video(id)}/revisions`, { signal });
/** Show another of the results. */
export const chooseRevision = (id, revision) =>
  request(`${video(id)}/revisions/${revision}/choose`, { method: "POST" });
/** Which boundaries of a level came, went and moved between two results. */
export const compareRevisions = (id, from, to, level, signal) =>
  request(`${video(id)}/compare?from=${from}&to=${to}&level=${level}`, { signal });
export const deleteVideo = (id) => request(video(id), { method: "DELETE" });
/** The packaged presets, then one's own. */
export const listPresets = () => request("/presets");
/**
 * Make a preset of one's own, or replace one; without `replace`, a name that is taken fails with "preset_exists".
 * @param {{based_on: string, settings: object}} wish
 */
export const savePreset = (name, wish, replace) => request(`/presets/${encodeURIComponent(name)}`, { method: "PUT",
  body: JSON.stringify(wish),
  headers: { "Content-Type": "application/json", ...(replace ? {} : { "If-None-Match": "*" }) } });
/** The settings that come nearest to videos that were corrected by hand; the server stores nothing. */
export const learnFrom = (videos, signal) => post("/presets:learn", { videos }, signal);
export const getTranscript = (id, signal) => request(`${video(id)}/transcript`, { signal });
export const retryTranscript = (id) => request(`${video(id)}/transcript/retry`, { method: "POST" });
export const getSignals = (id, points, signal) => request(`${video(id)}/signals?points=${points}`, { signal });

/** The pool, the work and the servers at this moment. */
export const getCluster = (signal) => request("/cluster", { signal });

/** Order clips: each chosen segment is cut into a file of its own. */
/** @param {number} revision of the result whose segments the order numbers: of another one it is refused */
export const orderClips = (id, order, revision) => post(`${video(id)}/clips?revision=${revision}`, order);
/** A video's orders of clips, the newest first. */
export const listClips = (id) => request(`${video(id)}/clips?limit=20`);
const clipsOf = (id, clipsId) => `${video(id)}/clips/${encodeURIComponent(clipsId)}`;
export const cancelClips = (id, clipsId) => request(`${clipsOf(id, clipsId)}/cancel`, { method: "POST" });
export const deleteClips = (id, clipsId) => request(clipsOf(id, clipsId), { method: "DELETE" });

/** The stream goes on after the video's end, until it is deleted. */
export const eventsUrl = (id) => `${API}${video(id)}/events?follow=true`;
export const mediaUrl = (id) => `${API}${video(id)}/media`;
/**
 * A page is shown by the browser, all else is stored.
 * @param {string} [level] only this level; empty: what the format has by itself
 * @param {string} [segments] only these of the level, as "0-3,7"; empty: all
 * @param {number} [revision] of the result whose numbers these are: of another one the export is refused
 */
export function exportUrl(id, format, level = "", segments = "", revision = 0) {
  const params = new URLSearchParams({ format });
  if (level) params.set("level", level);
  if (segments) {
    params.set("segments", segments);
    params.set("revision", String(revision));
  }
  if (format === "html") params.set("inline", "true");
  return `${API}${video(id)}/export?${params}`;
}
/** The image that stands for the video; another result may have another one, so its number is in the address. */
export const stillUrl = (id, revision) => `${API}${video(id)}/still.webp?revision=${revision}`;
/** The address of the form of a video that every browser plays. */
export const proxyUrl = (id) => `${API}${video(id)}/proxy`;
/** Have that form made; answers with the video, which tells how far it is. */
export const makeProxy = (id) => request(`${video(id)}/proxy`, { method: "POST" });

/** The address of a segment's still, or null. The API gives the address itself or the number of the picture. */
export function thumbnailUrl(id, segment) {
  const { thumbnail } = segment;
  if (thumbnail === null || thumbnail === undefined || thumbnail === "") return null;
  if (typeof thumbnail === "string" && thumbnail.includes("/")) return reachable(thumbnail);
  return `${API}${video(id)}/thumbnails/${encodeURIComponent(String(thumbnail).replace(/\.webp$/, ""))}.webp`;
}

/**
 * Read when each frame of a video is shown, part after part. The browser keeps the answers, and asks whether they are
 * still right. Parts of two analyses are not joined: an `ApiError` says so.
 * @returns {Promise<{time_base: number[], frames: number, first_pts: number, runs: number[][]}>}
 */
export async function getFrameTimes(id, signal) {
  const options = { signal, cache: "no-cache" };
  const told = await request(`${video(id)}/frames`, options);
  let part = told;
  while (part.next_frame !== null) {
    const { next_frame: next, first_pts: pts, runs } = part;
    part = await request(`${video(id)}/frames?from_frame=${next}`, options);
    const ended = runs.reduce((sum, [step, count]) => sum + step * count, pts);
    if (part.first_frame !== next || part.first_pts !== ended || part.frames !== told.frames
      || String(part.time_base) !== String(told.time_base)) throw new ApiError(CHANGED, { code: "conflict", status: 503 });
    told.runs = told.runs.concat(part.runs);
  }
  return told;
}

/**
 * Read all segments of a level, page after page.
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
