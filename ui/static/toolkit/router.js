/** The address: `?v=ID` says which video is looked at, and nothing else keeps it. */
import { Emitter } from "./emitter.js";

const events = new Emitter();

/** Gradio replaces parts of the address bar's state; only our own parameter is read. */
export function currentId() {
  return new URLSearchParams(window.location.search).get("v") || null;
}

/** The address of a video's page, relative to this origin. */
export function hrefOf(id) {
  const url = new URL(window.location.href);
  if (id) url.searchParams.set("v", id);
  else url.searchParams.delete("v");
  return url.pathname + url.search;
}

/**
 * Change the address and tell the listeners.
 * @param {string | null} id null: no video
 * @param {{replace?: boolean}} [options] replace: no new entry in the browser's history
 */
export function go(id, { replace = false } = {}) {
  if (id === currentId()) return;
  if (replace) window.history.replaceState({}, "", hrefOf(id));
  else window.history.pushState({}, "", hrefOf(id));
  events.emit("change", id);
}

/** Called with the id (or null) whenever the address names another video, back and forward included. */
export function onChange(listener) {
  return events.on("change", listener);
}

window.addEventListener("popstate", () => events.emit("change", currentId()));
