/**
 * Reads and writes the address. The parameter `v` holds the id of the shown video, which is stored nowhere else; `t`
 * the time at which it is opened; `view` a page that is of no video.
 */
import { Emitter } from "./emitter.js";

const events = new Emitter();

/** @type {{loses: () => boolean, ask: () => Promise<boolean>}} */
let guard = { loses: () => false, ask: async () => true };

/**
 * Ask before `go` leaves a video. Back and forward are not asked about: browsers go at once.
 * @param {() => boolean} loses whether something is lost by leaving
 * @param {() => Promise<boolean>} ask resolves to true where the video is to be left nevertheless
 */
export function guardLeaving(loses, ask) {
  guard = { loses, ask };
}

/** Whether `go` to another video would ask first: what leads there by itself then stays away. */
export const wouldAsk = () => guard.loses();

/** The pages that are of no video, besides the start page. */
const VIEWS = new Set(["cluster"]);

/** The view that the address names, or null: a video's page or the start page. */
export function currentView() {
  const view = new URLSearchParams(window.location.search).get("view");
  return VIEWS.has(view) ? view : null;
}

/** The id in the address, or null. Gradio adds parameters of its own, so only ours are read. */
export function currentId() {
  return currentView() ? null : new URLSearchParams(window.location.search).get("v") || null;
}

/** The time of the video that the address names (parameter `t`, in seconds), or null. */
export function currentTimeS() {
  const seconds = Number.parseFloat(new URLSearchParams(window.location.search).get("t") ?? "");
  return Number.isFinite(seconds) ? seconds : null;
}

/** The address of a video's page, relative to this origin, of a moment in it for a time; the start page for null. */
export function hrefOf(id, timeS = null) {
  const url = new URL(window.location.href);
  url.searchParams.delete("view");
  if (id) url.searchParams.set("v", id);
  else url.searchParams.delete("v");
  if (id && timeS !== null) url.searchParams.set("t", String(timeS));
  else url.searchParams.delete("t");
  return url.pathname + url.search;
}

/** The address of a view, relative to this origin. */
export function hrefOfView(view) {
  const url = new URL(window.location.href);
  for (const name of ["v", "t"]) url.searchParams.delete(name);
  url.searchParams.set("view", view);
  return url.pathname + url.search;
}

/** Show a view: the listeners of `onChange` are called with null, for no video. */
export function openView(view) {
  if (view === currentView()) return;
  leave(() => {
    window.history.pushState({}, "", hrefOfView(view));
    events.emit("change", null);
  });
}

/** Do it, after asking where something would be lost. */
function leave(act) {
  if (wouldAsk()) guard.ask().then((sure) => sure && act());
  else act();
}

/**
 * Change the address and call the listeners of `onChange`, or of `onTime` for another moment of the same video.
 * @param {string | null} id null: the start page
 * @param {{replace?: boolean, timeS?: number | null}} [options] replace: no new entry in the browser's history
 */
export function go(id, { replace = false, timeS = null } = {}) {
  const same = id === currentId() && currentView() === null;
  if (same && timeS === null) return;
  if (same) change(id, { replace, timeS, same });
  else leave(() => change(id, { replace, timeS, same }));
}

function change(id, { replace, timeS, same }) {
  if (replace || same) window.history.replaceState({}, "", hrefOf(id, timeS));
  else window.history.pushState({}, "", hrefOf(id, timeS));
  if (same) events.emit("time", timeS);
  else events.emit("change", id);
}

/** Call `listener` with a time whenever the address names another moment of the open video. */
export function onTime(listener) {
  return events.on("time", listener);
}

/** Call `listener` with the id (or null) whenever the address names another video, also by back and forward. */
export function onChange(listener) {
  return events.on("change", listener);
}

window.addEventListener("popstate", () => events.emit("change", currentId()));
