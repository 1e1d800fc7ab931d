/** Reads and writes the address. The parameter `v` holds the id of the shown video; it is stored nowhere else. */
import { Emitter } from "./emitter.js";

const events = new Emitter();

/** The id in the address, or null. Gradio adds parameters of its own, so only `v` is read. */
export function currentId() {
  return new URLSearchParams(window.location.search).get("v") || null;
}

/** The address of a video's page, relative to this origin; of the start page for null. */
export function hrefOf(id) {
  const url = new URL(window.location.href);
  if (id) url.searchParams.set("v", id);
  else url.searchParams.delete("v");
  return url.pathname + url.search;
}

/**
 * Change the address and call the listeners of `onChange`.
 * @param {string | null} id null: the start page
 * @param {{replace?: boolean}} [options] replace: no new entry in the browser's history
 */
export function go(id, { replace = false } = {}) {
  if (id === currentId()) return;
  if (replace) window.history.replaceState({}, "", hrefOf(id));
  else window.history.pushState({}, "", hrefOf(id));
  events.emit("change", id);
}

/** Call `listener` with the id (or null) whenever the address names another video, also by back and forward. */
export function onChange(listener) {
  return events.on("change", listener);
}

window.addEventListener("popstate", () => events.emit("change", currentId()));
