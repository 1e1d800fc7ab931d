/**
 * Stands in for the picture of a file that has none: the loudness of the whole file as bars in the colours of what is
 * heard, and the position in it. A click seeks.
 */
import { h, setText, show } from "../toolkit/dom.js";
import { colours, prepare } from "../toolkit/canvas.js";
import { columnAt, loudnessOf, loudnessShare, soundReader } from "../video/signals.js";
import { session } from "../video/session.js";
import { transport } from "./transport.js";

/** Width of a bar and the gap after it. */
const BAR_PX = 3;
const GAP_PX = 1;

/** Share of the height that a bar has at least, so that silence is seen, too. */
const LEAST_SHARE = 0.01;

export class SoundPicture {
  constructor() {
    this.bars = h("canvas", { class: "sound-bars", "aria-hidden": "true" });
    this.position = h("div", { class: "sound-position", "aria-hidden": "true" });
    this.hint = h("p", { class: "sound-hint" });
    this.element = h("div", { class: "sound-picture", hidden: true, role: "img",
      "aria-label": "Loudness and kinds of sound", on: { click: (event) => this.#seek(event) } },
      this.bars, this.position, this.hint);
    session.on("signals", () => this.draw());
    session.on("segments", () => this.draw());
    transport.on("time", () => this.#move());
    new ResizeObserver(() => this.draw()).observe(this.element);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  /** Show it for a file without a picture, hide it for others. */
  draw() {
    show(this.element, session.soundOnly);
    if (!session.soundOnly || this.element.clientWidth === 0) return;
    const loudness = loudnessOf(session.signals);
    setText(this.hint, loudness ? "" : session.terminal ? "No curves were kept of this sound."
      : "The sound is drawn here when it has been analysed.");
    const { context, width, height } = prepare(this.bars);
    if (loudness) this.#paint(context, width, height, loudness);
    this.#move();
  }

  #paint(context, width, height, loudness) {
    const colour = colours(this.bars);
    const kindAt = soundReader(session.signals, session.finest);
    const spanS = session.endS - session.startS;
    for (let x = 0; x < width; x += BAR_PX + GAP_PX) {
      const fromS = session.startS + (x / width) * spanS;
      const toS = session.startS + ((x + BAR_PX) / width) * spanS;
      const share = Math.max(LEAST_SHARE, loudnessShare(loudest(loudness, fromS, toS)));
      context.fillStyle = colour(`--sound-${kindAt((fromS + toS) / 2) ?? "other"}`);
      context.fillRect(x, (height * (1 - share)) / 2, BAR_PX, height * share);
    }
  }

  #move() {
    if (!session.soundOnly) return;
    const spanS = session.endS - session.startS;
    const share = spanS > 0 ? (transport.time - session.startS) / spanS : 0;
    this.position.style.left = `${100 * Math.min(1, Math.max(0, share))}%`;
  }

  #seek(event) {
    const { left, width } = this.element.getBoundingClientRect();
    transport.seek(session.startS + ((event.clientX - left) / width) * (session.endS - session.startS));
  }
}

/** The greatest value of the curve between two times; NaN in silence. */
function loudest(curve, fromS, toS) {
  const last = columnAt(session.signals, curve.high.length, toS);
  let greatest = Number.NaN;
  for (let at = columnAt(session.signals, curve.high.length, fromS); at >= 0 && at <= last; at += 1) {
    if (!(curve.high[at] <= greatest)) greatest = Number.isNaN(curve.high[at]) ? greatest : curve.high[at];
  }
  return greatest;
}
