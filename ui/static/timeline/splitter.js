/**
 * The bar between the player and the timeline: dragging it, or the arrows up and down on it, give the one more height
 * and the other less. A double click goes back to the height that the rows need. The height is kept in the browser.
 */
import { h } from "../toolkit/dom.js";
import { clamp } from "./mathematics.js";

/** The picture keeps this height; as `--least-picture` in styles/frame.css. */
const LEAST_PICTURE_PX = 240;

/** Of the timeline at least the toolbar, the overview and two rows stay. */
const LEAST_TIMELINE_PX = 132;

const KEY_STEP_PX = 24;
const STORED_AS = "scenestream-timeline-px";

export class Splitter {
  /** @param {HTMLElement} panel the timeline's panel, whose height is set */
  constructor(panel) {
    this.panel = panel;
    this.element = h("div", { class: "splitter", role: "separator", tabindex: "0", "aria-orientation": "horizontal",
      "aria-label": "Height of the timeline", "aria-valuemin": LEAST_TIMELINE_PX });
    this.element.addEventListener("pointerdown", (event) => this.#take(event));
    this.element.addEventListener("dblclick", () => this.#set(null));
    this.element.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.#tell()).observe(panel);
    const stored = Number(read());
    if (stored > 0) this.panel.style.height = `${stored}px`;
  }

  /** The largest height that leaves the picture its own. */
  get #mostPx() {
    const screen = document.querySelector(".screen");
    return this.panel.offsetHeight + Math.max(0, (screen?.clientHeight ?? 0) - LEAST_PICTURE_PX);
  }

  #tell() {
    this.element.setAttribute("aria-valuenow", String(this.panel.offsetHeight));
    this.element.setAttribute("aria-valuemax", String(Math.max(this.#mostPx, LEAST_TIMELINE_PX)));
  }

  /** @param {number | null} heightPx null: as high as the rows need */
  #set(heightPx) {
    const height = heightPx === null ? null : Math.round(clamp(heightPx, LEAST_TIMELINE_PX, this.#mostPx));
    this.panel.style.height = height === null ? "" : `${height}px`;
    write(height);
    this.#tell();
  }

  #key(event) {
    const direction = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!direction) return;
    event.preventDefault();
    this.#set(this.panel.offsetHeight + direction * KEY_STEP_PX);
  }

  #take(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.element.setPointerCapture(event.pointerId);
    const { offsetHeight } = this.panel;
    const move = (moved) => this.#set(offsetHeight + event.clientY - moved.clientY);
    const end = () => {
      this.element.removeEventListener("pointermove", move);
      for (const type of ["pointerup", "pointercancel"]) this.element.removeEventListener(type, end);
    };
    this.element.addEventListener("pointermove", move);
    for (const type of ["pointerup", "pointercancel"]) this.element.addEventListener(type, end);
  }
}

/** Browsers that keep nothing for pages throw a SecurityError at the mere name: then the height lasts for the page. */
function storage() {
  try {
    return window.localStorage;
  } catch (error) {
    console.info("the browser keeps nothing:", error.message);
    return null;
  }
}

const read = () => storage()?.getItem(STORED_AS) ?? null;

function write(height) {
  if (height === null) storage()?.removeItem(STORED_AS);
  else storage()?.setItem(STORED_AS, String(height));
}
