/**
 * One level's row in the timeline: a button for each segment at its time, with the extent of a gradual transition.
 * Positions are percentages of the row's width, so the browser moves the buttons when the zoom changes that width.
 * Where segments are many, they are also painted on a canvas below the buttons: those too narrow for a button are seen
 * there, and the others until their buttons have been made.
 *
 * The row is one Tab stop: the segment at the playhead.
 */
import { fill, h, show } from "../toolkit/dom.js";
import { clock } from "../toolkit/format.js";
import { AT_ONCE, kindName, LEVEL_NAMES, nameOf, NO_CHANGE } from "../video/names.js";
import { coveringIndex, indexAt } from "../video/segments.js";
import { session } from "../video/session.js";
import { editor } from "../editing/editor.js";
import { transport } from "../player/transport.js";
import { boundary } from "../results/boundary.js";
import { choice } from "../results/choice.js";
import { shownSegments, tuning } from "../results/tuning.js";
import { paintSegments } from "./painting.js";
import { zoom } from "./zoom.js";

/** Up to this number all segments are elements of the page; above, only those around the visible part. */
const ALL_AT_ONCE = 400;

/** Where segments are many, there are buttons for so much beside the visible part, in widths of it. */
const SPARE = 0.5;

/** Narrower segments get no button: it could not be seen, and where there are many, not be hit. */
const THINNEST_PX = 0.4;
const THINNEST_OF_MANY_PX = 8;

/** Most buttons that are made in one frame: more would be felt while zooming. */
const MADE_AT_ONCE = 20;

/** Narrower segments show no label: a few letters say nothing. */
const LABEL_FROM_PX = 34;

/** Narrower segments get a thinner boundary line: one of the usual width would cover them. */
const HAIRLINE_PX = 6;

export class TimelineRow {
  /** @param {"chapter" | "scene" | "shot"} level */
  constructor(level) {
    this.level = level;
    this.canvas = h("canvas", { class: "tl-canvas tl-many", "aria-hidden": "true", hidden: true });
    this.selection = h("div", { class: "tl-selected", "aria-hidden": "true", hidden: true });
    this.buttons = h("div", { class: "tl-buttons" });
    this.element = h("div", { class: "tl-row", role: "group", "aria-label": `${LEVEL_NAMES[level]} on the timeline`,
      dataset: { level } },
      this.canvas, this.buttons, this.selection);
    /** @type {Map<string, HTMLElement>} */
    this.cells = new Map();
    this.window = null;
  }

  /** The segments to show: of the settings being tried, or the stored ones. */
  get segments() {
    return shownSegments(this.level);
  }

  /** Remove all buttons, for another video. */
  clear() {
    this.cells.clear();
    this.buttons.replaceChildren();
    this.window = null;
    this.active = null;
  }

  /**
   * Create, update and remove buttons for the visible part.
   * @param {number} fromS start of the visible part
   * @param {number} toS its end
   * @param {boolean} force also when the visible part is still inside the drawn one: segments or zoom have changed
   * @returns {boolean} whether all is there; false: buttons are left to be made by another call
   */
  draw(fromS, toS, force) {
    const { segments } = this;
    const spanS = toS - fromS;
    const many = segments.length > ALL_AT_ONCE;
    show(this.canvas, many);
    if (many) paintSegments(this.canvas, this.level, segments, fromS, toS);
    if (!force && this.window && (!many || (fromS >= this.window[0] && toS <= this.window[1]))) return true;
    this.window = [fromS - SPARE * spanS, toS + SPARE * spanS];
    const first = many ? Math.max(0, indexAt(segments, this.window[0])) : 0;
    const last = many ? indexAt(segments, this.window[1]) + 1 : segments.length;
    const thinnestPx = many ? THINNEST_OF_MANY_PX : THINNEST_PX;
    const known = (editor.segments ?? tuning.segments)
      && new Set(session.segments[this.level].map((segment) => segment.start_frame));
    const kept = new Map();
    let room = many ? MADE_AT_ONCE : Infinity;
    for (let place = first; place < last; place += 1) {
      const segment = segments[place];
      const widthPx = (segment.end_s - segment.start_s) * zoom.pxPerS;
      if (widthPx < thinnestPx) continue;
      const key = keyOf(segment);
      if (!this.cells.has(key)) {
        room -= 1;
        if (room < 0) continue;
      }
      const cell = this.cells.get(key) ?? this.#cell(segment);
      cell.dataset.index = String(place);
      cell.classList.toggle("odd", place % 2 === 1);
      cell.classList.toggle("added", known !== null && !known.has(segment.start_frame));
      cell.classList.toggle("chosen", choice.has(this.level, segment.start_frame));
      cell.classList.toggle("narrow", widthPx < LABEL_FROM_PX);
      cell.classList.toggle("hairline", widthPx < HAIRLINE_PX);
      placeCell(cell, segment);
      kept.set(key, cell);
    }
    for (const [key, cell] of this.cells) if (!kept.has(key)) cell.remove();
    let next = this.buttons.firstElementChild;
    for (const cell of kept.values()) {
      if (cell === next) next = next.nextElementSibling;
      else this.buttons.insertBefore(cell, next);
    }
    this.cells = kept;
    this.element.classList.toggle("empty", segments.length === 0);
    this.markSelected();
    if (room < 0) this.window = null;
    return room >= 0;
  }

  #cell(segment) {
    const { start_boundary: start } = segment;
    const kind = start?.kind ?? "start";
    const cell = h("button", { type: "button", class: "segment tl-segment", tabindex: "-1",
      dataset: { level: this.level, kind, start: segment.start_s, end: segment.end_s },
      "aria-label": `${this.level} at ${clock(segment.start_s)}, ${nameOf(segment) || "no label"}, `
        + `begins with ${kindName(kind)}${start?.locked ? ", set by hand" : ""}` },
      h("span", { class: "tl-label", dir: "auto" }, nameOf(segment)));
    const confidence = start && !NO_CHANGE.has(kind) ? start.confidence : 1;
    cell.style.setProperty("--confidence", String(Math.min(1, Math.max(0, confidence))));
    if (start && start.to_s - start.from_s > 1e-3 && !AT_ONCE.has(kind)) {
      cell.append(h("span", { class: "tl-extent" }));
    }
    if (start?.locked) cell.classList.add("locked");
    if (session.provisional) cell.classList.add("fresh");
    return cell;
  }

  /** Highlight the segment at `timeS`, and make it the row's Tab stop; the focus goes along while nothing plays. */
  mark(timeS) {
    const index = coveringIndex(this.segments, timeS);
    const segment = this.segments[index];
    const cell = segment ? this.cells.get(keyOf(segment)) ?? null : null;
    if (cell === this.active) return;
    const before = this.active;
    before?.classList.remove("active");
    before?.setAttribute("tabindex", "-1");
    cell?.classList.add("active");
    cell?.setAttribute("tabindex", "0");
    if (cell && before === document.activeElement && before && !transport.playing) cell.focus({ preventScroll: true });
    this.active = cell;
  }

  /** Show which boundary is selected, if it is one of this row. */
  markSelected() {
    const { segment } = boundary;
    const here = boundary.level === this.level && segment !== null;
    show(this.selection, here);
    if (here) this.selection.style.left = `${share(segment.start_s - session.startS)}%`;
  }

  /** Index of the segment at a time, also where it is too narrow for a button; -1: none. */
  indexAt(timeS) {
    return coveringIndex(this.segments, timeS);
  }
}

/** What a button shows, as one string: one with the same key stays as it is. */
function keyOf(segment) {
  const { kind, confidence, from_s: fromS, to_s: toS, locked } = segment.start_boundary ?? {};
  return `${segment.start_s}|${segment.end_s}|${nameOf(segment)}|${kind}|${confidence}|${fromS}|${toS}|${locked}`;
}

/** Seconds in percent of the row. */
const share = (seconds) => (seconds / zoom.spanS) * 100;

/** Set left edge and width in percent of the row, and the transition's extent in percent of the segment. */
function placeCell(cell, segment) {
  const length = Math.max(segment.end_s - segment.start_s, 1e-6);
  cell.style.left = `${share(segment.start_s - session.startS)}%`;
  cell.style.width = `${share(length)}%`;
  const extent = cell.querySelector(".tl-extent");
  if (!extent) return;
  const { from_s: from, to_s: to } = segment.start_boundary;
  extent.style.left = `${((from - segment.start_s) / length) * 100}%`;
  extent.style.width = `${((to - from) / length) * 100}%`;
}

/** The legend: each kind of boundary with its colour. */
export function legend(kinds) {
  const list = h("ul", { class: "legend", "aria-label": "Kinds of boundaries" });
  fill(list, kinds.map((kind) => h("li", {}, h("span", { class: "kind", dataset: { kind } }, kindName(kind)))));
  return list;
}
