/**
 * The threshold of shots as a line on the curve of change, while settings are tried: what rises above it begins a shot.
 * It is dragged, or moved by keys, and is the same setting as the slider of shots in the pane. Does not know how the
 * curve is painted.
 */
import { h, setText, show } from "../toolkit/dom.js";
import { session } from "../video/session.js";
import { drawer } from "../results/drawer.js";
import { sensitivityAt, stepped, STEP, thresholdOf } from "../results/threshold.js";
import { sensitivityOf, tuning } from "../results/tuning.js";

const SETTING = sensitivityOf("shot");

/** Steps by which keys raise the line; a higher line leaves fewer shots. */
const RAISED_BY = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 4, PageDown: -4,
  Home: -1 / STEP, End: 1 / STEP };

export class ThresholdLine {
  constructor() {
    this.told = h("span", { class: "threshold-told", "aria-hidden": "true" });
    this.line = h("div", { class: "threshold-line", role: "slider", tabindex: "0", "aria-orientation": "vertical",
      "aria-label": "Threshold of shots: what changes more begins a shot", "aria-valuemin": 0, "aria-valuemax": 100,
      on: { keydown: (event) => this.#key(event), pointerdown: (event) => this.#take(event) } }, this.told);
    /** As wide as the visible part, above the curve; the line lies in it. */
    this.element = h("div", { class: "threshold", hidden: true,
      on: { click: (event) => event.stopPropagation() } }, this.line); // the timeline would seek
    tuning.on("change", () => this.draw());
    drawer.on("change", () => this.draw());
    session.on("signals", () => this.draw());
    this.draw();
  }

  /** The tried sensitivity; null where there is none to try. */
  get #sensitivity() {
    return drawer.pane === "adjust" && tuning.open && !session.soundOnly ? tuning.values[SETTING] ?? null : null;
  }

  draw() {
    const sensitivity = this.#sensitivity;
    show(this.element, sensitivity !== null);
    if (sensitivity === null) return;
    const threshold = thresholdOf(sensitivity);
    const percent = Math.round(threshold * 100);
    this.line.style.bottom = `${threshold * 100}%`;
    this.line.setAttribute("aria-valuenow", String(percent));
    this.line.setAttribute("aria-valuetext", `${percent} %, sensitivity ${sensitivity}`);
    this.line.setAttribute("aria-disabled", String(tuning.applied));
    setText(this.told, `${percent} %`);
  }

  #set(sensitivity) {
    if (tuning.applied || sensitivity === tuning.values[SETTING]) return;
    tuning.set(SETTING, sensitivity);
  }

  #key(event) {
    const raised = RAISED_BY[event.key];
    if (raised === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault(); // the arrows are the film's elsewhere
    event.stopPropagation();
    this.#set(stepped(tuning.values[SETTING], -raised));
  }

  #take(event) {
    if (event.button !== 0 || tuning.applied) return;
    event.preventDefault(); // the timeline would drag its view
    this.line.focus({ preventScroll: true });
    this.line.setPointerCapture(event.pointerId);
    const { top, height } = this.element.getBoundingClientRect();
    const dragged = new AbortController();
    const { signal } = dragged;
    this.line.addEventListener("pointermove", (moved) => {
      if (this.#sensitivity === null) dragged.abort(); // the try has ended before the drag
      else this.#set(sensitivityAt(1 - (moved.clientY - top) / height));
    }, { signal });
    for (const type of ["pointerup", "lostpointercapture"]) {
      this.line.addEventListener(type, () => dragged.abort(), { signal });
    }
  }
}
