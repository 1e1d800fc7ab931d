/** Shows, while a boundary is dragged, the last frame before it and the first after it, with the frame and its time. */
import { h, setText, show } from "../toolkit/dom.js";
import { session } from "../video/session.js";
import { editor } from "../editing/editor.js";
import { FrameReader } from "../results/frames.js";

export class DragView {
  constructor() {
    this.canvases = [h("canvas", { class: "drag-picture" }), h("canvas", { class: "drag-picture" })];
    this.time = h("span", { class: "drag-time" });
    this.pictures = h("div", { class: "drag-pictures" }, this.canvases);
    this.element = h("div", { class: "drag-view", hidden: true, "aria-hidden": "true" }, this.pictures, this.time);
    this.reader = new FrameReader();
  }

  /**
   * Show the frames around a boundary that begins at `frame`.
   * @param {number} xPx its place in the window
   * @param {number} bottomPx the view ends above this, from the lower edge of the window
   */
  show(frame, xPx, bottomPx) {
    show(this.element, true);
    show(this.pictures, !session.soundOnly);
    setText(this.time, `frame ${frame} · ${editor.timeText(frame)}`);
    this.element.style.bottom = `${bottomPx}px`;
    const halfPx = this.element.offsetWidth / 2;
    this.element.style.left = `${Math.min(Math.max(xPx, halfPx + 4), window.innerWidth - halfPx - 4) - halfPx}px`;
    this.wanted = frame;
    if (!session.soundOnly) this.#read();
  }

  hide() {
    show(this.element, false);
    this.wanted = null;
    this.drawn = null;
    this.reader.close();
  }

  /** One pair after the other, always the newest: frames that the pointer has passed meanwhile are left out. */
  async #read() {
    if (this.reading) return;
    this.reading = true;
    while (this.wanted !== null && this.wanted !== this.drawn) {
      const frame = this.wanted;
      const places = [frame - 1, frame].map((each, side) => ({ canvas: this.canvases[side],
        timeS: editor.clock.middleOf(each) }));
      if (!(await this.reader.draw(places))) {
        show(this.pictures, this.wanted === null); // the browser cannot show this file
        break;
      }
      this.drawn = frame;
      this.element.dataset.frame = String(frame);
    }
    this.reading = false;
  }
}
