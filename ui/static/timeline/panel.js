/**
 * The timeline panel: ruler, stills, three rows of segments and the curves, on one time scale with one playhead, and an
 * overview above them. It is a wide element in a scrolling one: `zoom` says how wide, and what part is seen.
 */
import { fill, h, iconButton, setText, show } from "../toolkit/dom.js";
import { KINDS, LEVEL_NAMES, LEVELS, NO_CHANGE } from "../video/names.js";
import { session } from "../video/session.js";
import { changeOf, loudnessOf, SOUND_KINDS } from "../video/signals.js";
import { editor } from "../editing/editor.js";
import { transport } from "../player/transport.js";
import { boundary } from "../results/boundary.js";
import { choice } from "../results/choice.js";
import { drawer } from "../results/drawer.js";
import { drawerPanel } from "../results/drawer-panel.js";
import { tuning } from "../results/tuning.js";
import { editBar } from "../correcting/bar.js";
import { mountButtons } from "../correcting/buttons.js";
import { BoundaryDrag } from "./boundary-drag.js";
import { Filmstrip } from "./filmstrip.js";
import { Overview } from "./overview.js";
import { paintChange, paintLoudness, paintRuler, paintSound } from "./painting.js";
import { Pointing } from "./pointing.js";
import { legend, TimelineRow } from "./row.js";
import { Splitter } from "./splitter.js";
import { ThresholdLine } from "./threshold-line.js";
import { zoom } from "./zoom.js";

/** The browser's own rounding of a scroll position: a smaller difference is no scrolling by a person. */
const ROUNDING_PX = 1;

/** While playing, the view scrolls on when the playhead is this near to its right edge. */
const EDGE_PX = 24;

/** After a person scrolled, the view does not follow the playhead for so long. */
const FOLLOW_PAUSE_MS = 4000;

class Timeline {
  constructor(element) {
    this.element = element;
    this.rows = LEVELS.map((level) => new TimelineRow(level));
    this.film = new Filmstrip();
    this.ruler = h("canvas", { class: "tl-canvas tl-ruler" });
    this.curve = h("canvas", { class: "tl-canvas tl-curve", "aria-hidden": "true" });
    this.change = h("div", { class: "tl-change" }, this.curve, new ThresholdLine().element);
    this.sound = h("canvas", { class: "tl-canvas tl-sound", "aria-hidden": "true" });
    this.loudness = h("canvas", { class: "tl-canvas tl-curve", "aria-hidden": "true" });
    this.playhead = h("div", { class: "tl-playhead", "aria-hidden": "true" });
    const pointer = h("div", { class: "tl-pointer", "aria-hidden": "true", hidden: true }, h("span", {}));
    this.inner = h("div", { class: "tl-inner" }, this.ruler, this.film.element,
      this.rows.map((row) => row.element), this.change, this.sound, this.loudness, pointer, this.playhead);
    this.scroller = h("div", { class: "tl-scroll", id: "timeline-scroll", tabindex: "0", role: "group",
      "aria-label": "Timeline" }, this.inner);
    this.drag = new BoundaryDrag(this.inner);
    const edit = editBar();
    mountButtons(drawerPanel.corrections);
    this.overview = new Overview("timeline-scroll");
    this.pointing = new Pointing({ scroller: this.scroller, ruler: this.ruler, pointer, rows: this.rows });
    this.names = h("div", { class: "tl-names", "aria-hidden": "true" });
    this.legend = h("div", { class: "tl-legends" });
    this.hint = h("span", { class: "quiet", role: "status" });
    const panel = h("section", { class: "panel timeline", "aria-label": "Timeline" });
    fill(panel, new Splitter(panel).element,
      h("div", { class: "tl-bar", dataset: { uncovered: "" } }, this.hint, this.legend, h("div", { class: "tl-tools" },
        edit.button, drawerPanel.buttons, iconButton("minus", "Zoom out (−)", () => zoom.by(-1)),
        iconButton("plus", "Zoom in (+)", () => zoom.by(1)), iconButton("fit", "Show all (0)", () => zoom.fit()))),
      edit.element, h("div", { class: "tl-body" }, h("span", { class: "tl-name overview", "aria-hidden": "true" }, "Whole"),
        this.overview.element, this.names, this.scroller));
    fill(element, panel);
    this.#listen();
  }

  #listen() {
    session.on("opened", () => this.#reset());
    session.on("missing", () => this.#reset());
    session.on("segments", () => this.#refresh());
    session.on("signals", () => this.#refresh());
    session.on("video", () => this.#checkSpan());
    for (const shown of [tuning, editor, choice, drawer]) shown.on("change", () => this.#refresh());
    transport.on("time", () => this.#movePlayhead());
    transport.on("seek", (time) => this.#reveal(time));
    zoom.on("change", () => this.#zoomed());
    zoom.on("scroll", () => this.#scrollTo());
    boundary.on("change", () => this.#showSelected());
    this.scroller.addEventListener("scroll", () => this.#scrolled());
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
    this.pointing.leave();
    this.touchedAtMs = 0;
    this.drawnSpanS = null;
    zoom.fit();
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
    zoom.resize(Math.max(1, this.scroller.clientWidth));
    this.scroller.style.setProperty("--view", `${zoom.viewPx}px`);
    this.inner.style.width = `${zoom.widthPx}px`;
    this.#scrollTo();
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
        extra.change && h("span", { class: "tl-name curve change" }, "Change"),
        sound && h("span", { class: "tl-name sound" }, "Sound"),
        extra.loudness && h("span", { class: "tl-name curve" }, "Loudness"));
      const kinds = JSON.parse(key)[2].filter((kind) => !NO_CHANGE.has(kind));
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
    const rest = this.rows.filter((row) => !row.draw(fromS, toS, force));
    if (rest.length) this.#scheduleDraw(false);
    if (force) this.overview.draw();
    this.film.draw(scrollLeft, zoom.viewPx);
    paintRuler(this.ruler, scrollLeft);
    if (!this.change.hidden) paintChange(this.curve, scrollLeft);
    if (!this.sound.hidden) paintSound(this.sound, scrollLeft);
    if (!this.loudness.hidden) paintLoudness(this.loudness, scrollLeft);
    for (const row of this.rows) row.mark(transport.time);
  }

  #movePlayhead() {
    const { time } = transport;
    this.playhead.style.transform = `translateX(${zoom.toPx(time)}px)`;
    this.overview.movePlayhead();
    for (const row of this.rows) row.mark(time);
    if (transport.playing && Date.now() - (this.touchedAtMs ?? 0) > FOLLOW_PAUSE_MS) {
      const x = zoom.toPx(time) - this.scroller.scrollLeft;
      if (x > zoom.viewPx - EDGE_PX || x < 0) this.#scrollFrom(zoom.toPx(time) - EDGE_PX);
    }
  }

  /** Scroll to the playhead after a seek from the list or the keyboard. */
  #reveal(time) {
    const x = zoom.toPx(time) - this.scroller.scrollLeft;
    if (x < 0 || x > zoom.viewPx) this.#scrollFrom(zoom.toPx(time) - zoom.viewPx / 2);
  }

  #scrollFrom(scrollPx) {
    zoom.show({ factor: zoom.factor, scrollPx });
  }

  #zoomed() {
    this.inner.style.width = `${zoom.widthPx}px`;
    this.#scrollTo();
    this.pointing.leave();
    this.#movePlayhead();
    this.#scheduleDraw(true);
  }

  /** Apply the view's left edge. */
  #scrollTo() {
    this.scroller.scrollLeft = zoom.scrollPx;
    this.overview.move();
    this.#scheduleDraw(false);
  }

  /** The browser has scrolled, by itself or because it was told: take its place over where that is another one. */
  #scrolled() {
    const { scrollLeft } = this.scroller;
    if (Math.abs(scrollLeft - zoom.scrollPx) > ROUNDING_PX) zoom.scrollPx = scrollLeft;
    this.overview.move();
    this.#scheduleDraw(false);
  }

  #showSelected() {
    for (const row of this.rows) row.markSelected();
  }
}

/** @param {HTMLElement} element */
export function mountTimeline(element) {
  return new Timeline(element);
}
