/**
 * The timeline: ruler, stills, three rows of segments and the sound, on one scale under one playhead.
 * Scrolling is the browser's own; zooming changes the width of what is scrolled.
 */
import { fill, h, iconButton, setText, show } from "../toolkit/dom.js";
import { clock } from "../toolkit/format.js";
import { KINDS, LEVEL_NAMES, LEVELS } from "../video/names.js";
import { session } from "../video/session.js";
import { changeOf, loudnessOf, SOUND_KINDS } from "../video/signals.js";
import { transport } from "../player/transport.js";
import { clipsPanel } from "../results/clips-panel.js";
import { tunePanel } from "../results/tuning-panel.js";
import { tuning } from "../results/tuning.js";
import { Filmstrip } from "./filmstrip.js";
import { paintChange, paintLoudness, paintRuler, paintSound } from "./painting.js";
import { legend, TimelineRow } from "./row.js";
import { Tooltip } from "./tooltip.js";
import { zoom } from "./zoom.js";

/** One notch of a wheel is 100 to 120 units in most browsers: a third of a zoom step. */
const WHEEL_UNITS_PER_STEP = 320;

/** While playing, the view moves on when the playhead gets this near to the edge. */
const EDGE_PX = 24;

/** After a person scrolled, the view does not run after the playhead for so long. */
const HANDS_OFF_MS = 4000;

class Timeline {
  constructor(element) {
    this.element = element;
    this.rows = LEVELS.map((level) => new TimelineRow(level));
    this.film = new Filmstrip();
    this.tooltip = new Tooltip();
    this.ruler = h("canvas", { class: "tl-canvas tl-ruler" });
    this.change = h("canvas", { class: "tl-canvas tl-curve", "aria-hidden": "true" });
    this.sound = h("canvas", { class: "tl-canvas tl-sound", "aria-hidden": "true" });
    this.loudness = h("canvas", { class: "tl-canvas tl-curve", "aria-hidden": "true" });
    this.head = h("div", { class: "tl-playhead", "aria-hidden": "true" });
    this.pointer = h("div", { class: "tl-pointer", "aria-hidden": "true", hidden: true }, h("span", {}));
    this.inner = h("div", { class: "tl-inner" }, this.ruler, this.film.element,
      this.rows.map((row) => row.element), this.change, this.sound, this.loudness, this.pointer, this.head);
    this.scroller = h("div", { class: "tl-scroll", tabindex: "0", role: "group", "aria-label": "Timeline" },
      this.inner);
    this.names = h("div", { class: "tl-names", "aria-hidden": "true" });
    this.legend = h("div", { class: "tl-legends" });
    this.hint = h("span", { class: "quiet", role: "status" });
    const tune = tunePanel();
    const clips = clipsPanel();
    fill(element, h("section", { class: "panel timeline", "aria-label": "Timeline" },
      h("div", { class: "tl-bar" }, this.hint, this.legend, h("div", { class: "tl-tools" }, tune.button,
        clips.button, iconButton("minus", "Zoom out (−)", () => zoom.by(-1)),
        iconButton("plus", "Zoom in (+)", () => zoom.by(1)), iconButton("fit", "Show all (0)", () => zoom.fit()))),
      tune.element, clips.element, h("div", { class: "tl-body" }, this.names, this.scroller)));
    this.#listen();
  }

  #listen() {
    session.on("opened", () => this.#open());
    session.on("missing", () => this.#open());
    session.on("segments", () => this.#changed());
    session.on("signals", () => this.#changed());
    session.on("video", () => this.#extent());
    tuning.on("change", () => this.#changed());
    transport.on("time", () => this.#moveHead());
    transport.on("seek", (time) => this.#reveal(time));
    zoom.on("before", (anchor) => { this.anchor = anchor ?? this.#ownAnchor(); });
    zoom.on("change", () => this.#zoomed());
    this.scroller.addEventListener("scroll", () => this.#later(false));
    this.scroller.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.scroller.addEventListener("pointermove", (event) => this.#hover(event));
    this.scroller.addEventListener("pointerleave", () => this.#leave());
    this.scroller.addEventListener("click", (event) => this.#click(event));
    this.ruler.addEventListener("pointerdown", (event) => this.#scrub(event));
    for (const type of ["wheel", "touchmove", "pointerdown"]) {
      this.scroller.addEventListener(type, () => { this.touchedAt = Date.now(); }, { passive: true });
    }
    new ResizeObserver(() => this.#changed()).observe(this.scroller);
    for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"]) {
      window.matchMedia(query).addEventListener("change", () => this.#later(true));
    }
  }

  #open() {
    for (const row of this.rows) row.clear();
    this.film.clear();
    this.tooltip.hide();
    this.touchedAt = 0;
    this.spanSeen = null;
    zoom.fit();
    this.scroller.scrollLeft = 0;
    this.#changed();
  }

  /** Before the first shots only the file says how long it is. */
  #extent() {
    if (this.spanSeen !== zoom.spanS) this.#changed();
  }

  #changed() {
    this.spanSeen = zoom.spanS;
    zoom.viewPx = Math.max(1, this.scroller.clientWidth);
    this.scroller.style.setProperty("--view", `${zoom.viewPx}px`);
    this.inner.style.width = `${zoom.widthPx}px`;
    this.#describe();
    this.#later(true);
    this.#moveHead();
  }

  /** Names of the rows that there are, and the legend of what occurs. */
  #describe() {
    const { segments, signals } = session;
    const sound = segments.shot.some((shot) => shot.audio) || loudnessOf(signals) !== null;
    const extra = { change: changeOf(signals) !== null, sound, loudness: loudnessOf(signals) !== null };
    for (const [name, visible] of Object.entries(extra)) show(this[name], visible);
    show(this.film.element, segments.shot.length > 0);
    const key = JSON.stringify([extra, segments.shot.length > 0,
      Object.keys(KINDS).filter((kind) => segments.shot.some((shot) => shot.start_boundary?.kind === kind))]);
    if (key !== this.described) {
      this.described = key;
      fill(this.names, h("span", { class: "tl-name ruler" }), segments.shot.length > 0
        && h("span", { class: "tl-name film" }, "Stills"),
        LEVELS.map((level) => h("span", { class: "tl-name row" }, LEVEL_NAMES[level])),
        extra.change && h("span", { class: "tl-name curve" }, "Change"),
        sound && h("span", { class: "tl-name sound" }, "Sound"),
        extra.loudness && h("span", { class: "tl-name curve" }, "Loudness"));
      const kinds = JSON.parse(key)[2].filter((kind) => kind !== "start");
      fill(this.legend, kinds.length > 0 && legend(kinds), sound && h("ul", { class: "legend",
        "aria-label": "Kinds of sound" }, [...SOUND_KINDS, "other"].map((kind) => h("li", {},
        h("span", { class: "swatch", dataset: { sound: kind } }), kind))));
    }
    const waiting = session.video !== null && !session.terminal && segments.shot.length === 0;
    setText(this.hint, waiting ? "The timeline fills as shots are found." : "");
  }

  #later(force) {
    this.force ||= force;
    if (this.frame) return;
    this.frame = window.requestAnimationFrame(() => {
      this.frame = 0;
      this.#draw(this.force);
      this.force = false;
    });
  }

  #draw(force) {
    if (!session.id || this.scroller.clientWidth === 0) return;
    const { scrollLeft } = this.scroller;
    const fromS = zoom.toS(scrollLeft);
    const toS = zoom.toS(scrollLeft + zoom.viewPx);
    for (const row of this.rows) row.draw(fromS, toS, force);
    this.film.draw(scrollLeft, zoom.viewPx);
    paintRuler(this.ruler, scrollLeft);
    if (!this.change.hidden) paintChange(this.change, scrollLeft);
    if (!this.sound.hidden) paintSound(this.sound, scrollLeft);
    if (!this.loudness.hidden) paintLoudness(this.loudness, scrollLeft);
    for (const row of this.rows) row.mark(transport.time);
  }

  #moveHead() {
    const { time } = transport;
    this.head.style.transform = `translateX(${zoom.toPx(time)}px)`;
    for (const row of this.rows) row.mark(time);
    if (transport.playing && Date.now() - (this.touchedAt ?? 0) > HANDS_OFF_MS) {
      const x = zoom.toPx(time) - this.scroller.scrollLeft;
      if (x > zoom.viewPx - EDGE_PX || x < 0) this.scroller.scrollLeft = zoom.toPx(time) - EDGE_PX;
    }
  }

  /** After a seek from elsewhere (list, keyboard) the playhead can be seen. */
  #reveal(time) {
    const x = zoom.toPx(time) - this.scroller.scrollLeft;
    if (x < 0 || x > zoom.viewPx) this.scroller.scrollLeft = zoom.toPx(time) - zoom.viewPx / 2;
  }

  /** Zooming turns around the playhead where that can be seen, else around the middle. */
  #ownAnchor() {
    const x = zoom.toPx(transport.time) - this.scroller.scrollLeft;
    if (x >= 0 && x <= zoom.viewPx) return { anchorS: transport.time, anchorPx: x };
    return this.#anchorAt(zoom.viewPx / 2);
  }

  #anchorAt(px) {
    return { anchorS: zoom.toS(this.scroller.scrollLeft + px), anchorPx: px };
  }

  #zoomed() {
    this.inner.style.width = `${zoom.widthPx}px`;
    this.scroller.scrollLeft = zoom.toPx(this.anchor.anchorS) - this.anchor.anchorPx;
    this.#leave();
    this.#moveHead();
    this.#later(true);
  }

  /** The wheel zooms; where the page itself scrolls, only with Ctrl, Alt or ⌘ so as not to trap it. */
  #wheel(event) {
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) return;
    const page = document.scrollingElement;
    const pageScrolls = page.scrollHeight > page.clientHeight + 1;
    if (pageScrolls && !(event.ctrlKey || event.altKey || event.metaKey)) return;
    event.preventDefault();
    const x = event.clientX - this.scroller.getBoundingClientRect().left;
    const playhead = zoom.toPx(transport.time) - this.scroller.scrollLeft;
    const seen = playhead >= 0 && playhead <= zoom.viewPx;
    zoom.by(-event.deltaY / WHEEL_UNITS_PER_STEP, seen ? null : this.#anchorAt(x));
  }

  #timeAt(event) {
    return zoom.toS(event.clientX - this.inner.getBoundingClientRect().left);
  }

  #hover(event) {
    const time = this.#timeAt(event);
    const inside = time >= session.startS && time <= session.endS && event.pointerType !== "touch";
    show(this.pointer, inside);
    if (!inside) {
      this.tooltip.hide();
      return;
    }
    this.pointer.style.transform = `translateX(${zoom.toPx(time)}px)`;
    setText(this.pointer.firstElementChild, clock(time));
    const cell = event.target.closest?.(".tl-segment");
    const segment = cell && this.rows.find((row) => row.level === cell.dataset.level)?.segmentOf(cell);
    if (!segment) {
      this.tooltip.hide();
      return;
    }
    const { top, bottom } = this.scroller.getBoundingClientRect();
    this.tooltip.showSegment(segment, { x: event.clientX, top, bottom });
  }

  #leave() {
    show(this.pointer, false);
    this.tooltip.hide();
  }

  /** On a segment: to its start. On a curve or a still: to that very time. */
  #click(event) {
    const cell = event.target.closest?.(".tl-segment");
    if (cell) transport.seek(Number(cell.dataset.start));
    else if (event.target !== this.ruler && event.target.closest?.(".tl-inner")) transport.seek(this.#timeAt(event));
  }

  #scrub(event) {
    if (event.button !== 0) return;
    this.ruler.setPointerCapture(event.pointerId);
    const move = (moved) => transport.seek(this.#timeAt(moved));
    const end = () => {
      this.ruler.removeEventListener("pointermove", move);
      for (const type of ["pointerup", "pointercancel"]) this.ruler.removeEventListener(type, end);
    };
    this.ruler.addEventListener("pointermove", move);
    for (const type of ["pointerup", "pointercancel"]) this.ruler.addEventListener(type, end);
    move(event);
  }
}

/** @param {HTMLElement} element */
export function mountTimeline(element) {
  return new Timeline(element);
}
