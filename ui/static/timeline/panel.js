/**
 * The timeline panel: ruler, stills, three rows of segments and the curves, on one time scale with one playhead. It is
 * a wide element in a scrolling one: the browser scrolls, zooming changes the width of the wide element.
 */
import { fill, h, iconButton, setText, show } from "../toolkit/dom.js";
import { clock } from "../toolkit/format.js";
import { KINDS, LEVEL_NAMES, LEVELS } from "../video/names.js";
import { session } from "../video/session.js";
import { changeOf, loudnessOf, SOUND_KINDS } from "../video/signals.js";
import { transport } from "../player/transport.js";
import { clipsPanel } from "../results/clips-panel.js";
import { tuningPanel } from "../results/tuning-panel.js";
import { tuning } from "../results/tuning.js";
import { Filmstrip } from "./filmstrip.js";
import { paintChange, paintLoudness, paintRuler, paintSound } from "./painting.js";
import { legend, TimelineRow } from "./row.js";
import { Tooltip } from "./tooltip.js";
import { zoom } from "./zoom.js";

/** Wheel units of one zoom step. One notch of a wheel is 100 to 120 units in most browsers, so a third of a step. */
const WHEEL_UNITS_PER_STEP = 320;

/** While playing, the view scrolls on when the playhead is this near to its right edge. */
const EDGE_PX = 24;

/** After a person scrolled, the view does not follow the playhead for so long. */
const FOLLOW_PAUSE_MS = 4000;

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
    this.playhead = h("div", { class: "tl-playhead", "aria-hidden": "true" });
    this.pointer = h("div", { class: "tl-pointer", "aria-hidden": "true", hidden: true }, h("span", {}));
    this.inner = h("div", { class: "tl-inner" }, this.ruler, this.film.element,
      this.rows.map((row) => row.element), this.change, this.sound, this.loudness, this.pointer, this.playhead);
    this.scroller = h("div", { class: "tl-scroll", tabindex: "0", role: "group", "aria-label": "Timeline" },
      this.inner);
    this.names = h("div", { class: "tl-names", "aria-hidden": "true" });
    this.legend = h("div", { class: "tl-legends" });
    this.hint = h("span", { class: "quiet", role: "status" });
    const tune = tuningPanel();
    const clips = clipsPanel();
    fill(element, h("section", { class: "panel timeline", "aria-label": "Timeline" },
      h("div", { class: "tl-bar" }, this.hint, this.legend, h("div", { class: "tl-tools" }, tune.button,
        clips.button, iconButton("minus", "Zoom out (−)", () => zoom.by(-1)),
        iconButton("plus", "Zoom in (+)", () => zoom.by(1)), iconButton("fit", "Show all (0)", () => zoom.fit()))),
      tune.element, clips.element, h("div", { class: "tl-body" }, this.names, this.scroller)));
    this.#listen();
  }

  #listen() {
    session.on("opened", () => this.#reset());
    session.on("missing", () => this.#reset());
    session.on("segments", () => this.#refresh());
    session.on("signals", () => this.#refresh());
    session.on("video", () => this.#checkSpan());
    tuning.on("change", () => this.#refresh());
    transport.on("time", () => this.#movePlayhead());
    transport.on("seek", (time) => this.#reveal(time));
    zoom.on("before", (anchor) => { this.anchor = anchor ?? this.#defaultAnchor(); });
    zoom.on("change", () => this.#zoomed());
    this.scroller.addEventListener("scroll", () => this.#scheduleDraw(false));
    this.scroller.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.scroller.addEventListener("pointermove", (event) => this.#hover(event));
    this.scroller.addEventListener("pointerleave", () => this.#leave());
    this.scroller.addEventListener("click", (event) => this.#click(event));
    this.ruler.addEventListener("pointerdown", (event) => this.#scrub(event));
    for (const type of ["wheel", "touchmove", "pointerdown"]) {
      this.scroller.addEventListener(type, () => { this.touchedAtMs = Date.now(); }, { passive: true });
    }
    new ResizeObserver(() => this.#refresh()).observe(this.scroller);
    for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"]) {
      window.matchMedia(query).addEventListener("change", () => this.#scheduleDraw(true));
    }
  }

  #reset() {
    for (const row of this.rows) row.clear();
    this.film.clear();
    this.tooltip.hide();
    this.touchedAtMs = 0;
    this.drawnSpanS = null;
    zoom.fit();
    this.scroller.scrollLeft = 0;
    this.#refresh();
  }

  /** Until the first shots are known, the length comes from the video's document, which changes with its state. */
  #checkSpan() {
    if (this.drawnSpanS !== zoom.spanS || this.drawnSoundOnly !== session.soundOnly) this.#refresh();
  }

  /** Take over the width, the segments and the curves, and draw everything anew. */
  #refresh() {
    this.drawnSpanS = zoom.spanS;
    this.drawnSoundOnly = session.soundOnly;
    zoom.viewPx = Math.max(1, this.scroller.clientWidth);
    this.scroller.style.setProperty("--view", `${zoom.viewPx}px`);
    this.inner.style.width = `${zoom.widthPx}px`;
    this.#describe();
    this.#scheduleDraw(true);
    this.#movePlayhead();
  }

  /** Show the names of the rows that have data, and a legend of the kinds that occur. */
  #describe() {
    const { segments, signals } = session;
    const { soundOnly, finest } = session;
    const sound = finest.some((segment) => segment.audio) || loudnessOf(signals) !== null;
    const extra = { change: changeOf(signals) !== null, sound, loudness: loudnessOf(signals) !== null };
    for (const [name, visible] of Object.entries(extra)) show(this[name], visible);
    show(this.film.element, segments.shot.length > 0);
    const levels = LEVELS.filter((level) => level !== "shot" || !soundOnly);
    for (const row of this.rows) show(row.element, levels.includes(row.level));
    const key = JSON.stringify([extra, segments.shot.length > 0,
      Object.keys(KINDS).filter((kind) => finest.some((segment) => segment.start_boundary?.kind === kind)), levels]);
    if (key !== this.described) {
      this.described = key;
      fill(this.names, h("span", { class: "tl-name ruler" }), segments.shot.length > 0
        && h("span", { class: "tl-name film" }, "Stills"),
        levels.map((level) => h("span", { class: "tl-name row" }, LEVEL_NAMES[level])),
        extra.change && h("span", { class: "tl-name curve" }, "Change"),
        sound && h("span", { class: "tl-name sound" }, "Sound"),
        extra.loudness && h("span", { class: "tl-name curve" }, "Loudness"));
      const kinds = JSON.parse(key)[2].filter((kind) => kind !== "start");
      fill(this.legend, kinds.length > 0 && legend(kinds), sound && h("ul", { class: "legend",
        "aria-label": "Kinds of sound" }, [...SOUND_KINDS, "other"].map((kind) => h("li", {},
        h("span", { class: "swatch", dataset: { sound: kind } }), kind))));
    }
    const waiting = session.video !== null && !session.terminal && finest.length === 0;
    setText(this.hint, !waiting ? "" : soundOnly ? "The timeline fills when the sound is analysed."
      : "The timeline fills as shots are found.");
  }

  /** Draw with the next frame; `force`: also the rows whose visible part has not moved. */
  #scheduleDraw(force) {
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

  #movePlayhead() {
    const { time } = transport;
    this.playhead.style.transform = `translateX(${zoom.toPx(time)}px)`;
    for (const row of this.rows) row.mark(time);
    if (transport.playing && Date.now() - (this.touchedAtMs ?? 0) > FOLLOW_PAUSE_MS) {
      const x = zoom.toPx(time) - this.scroller.scrollLeft;
      if (x > zoom.viewPx - EDGE_PX || x < 0) this.scroller.scrollLeft = zoom.toPx(time) - EDGE_PX;
    }
  }

  /** Scroll to the playhead after a seek from the list or the keyboard. */
  #reveal(time) {
    const x = zoom.toPx(time) - this.scroller.scrollLeft;
    if (x < 0 || x > zoom.viewPx) this.scroller.scrollLeft = zoom.toPx(time) - zoom.viewPx / 2;
  }

  /** The point that zooming keeps in place: the playhead where it is visible, else the middle of the view. */
  #defaultAnchor() {
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
    this.#movePlayhead();
    this.#scheduleDraw(true);
  }

  /** The wheel zooms; on a page that scrolls, only with Ctrl, Alt or ⌘, so that the page can still be scrolled. */
  #wheel(event) {
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) return;
    const page = document.scrollingElement;
    const pageScrolls = page.scrollHeight > page.clientHeight + 1;
    if (pageScrolls && !(event.ctrlKey || event.altKey || event.metaKey)) return;
    event.preventDefault();
    const x = event.clientX - this.scroller.getBoundingClientRect().left;
    const playhead = zoom.toPx(transport.time) - this.scroller.scrollLeft;
    const visible = playhead >= 0 && playhead <= zoom.viewPx;
    zoom.by(-event.deltaY / WHEEL_UNITS_PER_STEP, visible ? null : this.#anchorAt(x));
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

  /** A click on a segment seeks to its start; on a curve or a still, to the time at the pointer. */
  #click(event) {
    const cell = event.target.closest?.(".tl-segment");
    if (cell) transport.seek(Number(cell.dataset.start));
    else if (event.target !== this.ruler && event.target.closest?.(".tl-inner")) {
      transport.seek(this.#timeAt(event));
    }
  }

  /** Seek to the pointer for as long as it is dragged along the ruler. */
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
