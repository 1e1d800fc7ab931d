/**
 * The strip above the timeline: the whole video, with a frame around the part that the timeline shows. Dragging the
 * frame moves that part, a press elsewhere brings it there. Keys have + − 0 for the same.
 */
import { h } from "../toolkit/dom.js";
import { colours, prepare } from "../toolkit/canvas.js";
import { LEVELS } from "../video/names.js";
import { session } from "../video/session.js";
import { transport } from "../player/transport.js";
import { shownSegments } from "../results/tuning.js";
import { centreOn, clamp, visibleShare } from "./mathematics.js";
import { zoom } from "./zoom.js";

/** A narrower frame could not be seen or taken hold of. */
const NARROWEST_PX = 10;

export class Overview {
  /** @param {string} controls id of the element whose visible part is shown */
  constructor(controls) {
    this.canvas = h("canvas", { class: "tl-overview-picture" });
    this.frame = h("div", { class: "tl-overview-frame" });
    this.playhead = h("div", { class: "tl-overview-playhead" });
    this.element = h("div", { class: "tl-overview", role: "scrollbar", "aria-label": "Part of the video that is shown",
      "aria-orientation": "horizontal", "aria-controls": controls, "aria-valuemin": 0, "aria-valuemax": 100 },
    this.canvas, this.playhead, this.frame);
    this.element.addEventListener("pointerdown", (event) => this.#take(event));
    this.move();
  }

  /** Paint chapters as bands, and the boundaries of scenes, or of shots where there are no scenes yet. */
  draw() {
    if (this.element.clientWidth === 0) return;
    const { context, width, height } = prepare(this.canvas);
    const colour = colours(this.canvas);
    const toX = (seconds) => ((seconds - session.startS) / zoom.spanS) * width;
    const [chapters, scenes, shots] = LEVELS.map(shownSegments);
    for (const [place, { start_s: startS, end_s: endS }] of chapters.entries()) {
      context.fillStyle = colour(place % 2 ? "--chapter-2" : "--chapter");
      context.fillRect(toX(startS), 0, toX(endS) - toX(startS), height);
    }
    context.fillStyle = colour("--segment-text");
    context.globalAlpha = 0.55;
    for (const { start_s: startS } of scenes.length ? scenes : shots) {
      context.fillRect(Math.round(toX(startS)), height / 3, 1, (2 * height) / 3);
    }
    context.globalAlpha = 1;
    this.movePlayhead();
  }

  /** Bring the frame to the part that is shown. */
  move() {
    const { left, width } = visibleShare(zoom.view, zoom.bounds);
    const { style } = this.frame;
    const least = NARROWEST_PX / zoom.viewPx;
    const shown = Math.max(width, least);
    style.left = `${100 * clamp(left - (shown - width) / 2, 0, 1 - shown)}%`;
    style.width = `${100 * shown}%`;
    this.element.classList.toggle("whole", zoom.factor === 1);
    const room = 1 - width;
    this.element.setAttribute("aria-valuenow", String(room > 0 ? Math.round((100 * left) / room) : 0));
  }

  movePlayhead() {
    const share = (transport.time - session.startS) / zoom.spanS;
    this.playhead.style.left = `${100 * clamp(share, 0, 1)}%`;
  }

  #take(event) {
    if (event.button !== 0 || zoom.factor === 1) return;
    event.preventDefault();
    this.element.setPointerCapture(event.pointerId);
    const { left, width } = this.element.getBoundingClientRect();
    const shareAt = (moved) => (moved.clientX - left) / width;
    const shown = visibleShare(zoom.view, zoom.bounds);
    const middle = shown.left + shown.width / 2;
    const held = event.target === this.frame ? middle - shareAt(event) : 0;
    const move = (moved) => zoom.show(centreOn(zoom.view, zoom.bounds, shareAt(moved) + held));
    const end = () => {
      this.element.removeEventListener("pointermove", move);
      for (const type of ["pointerup", "pointercancel"]) this.element.removeEventListener(type, end);
    };
    this.element.addEventListener("pointermove", move);
    for (const type of ["pointerup", "pointercancel"]) this.element.addEventListener(type, end);
    move(event);
  }
}
