/**
 * One level's row in the timeline: a button for each segment at its time, with the extent of a gradual transition.
 * Positions are percentages of the row's width, so the browser moves the buttons when the zoom changes that width.
 */
import { fill, h } from "../toolkit/dom.js";
import { clock } from "../toolkit/format.js";
import { AT_ONCE, kindName } from "../video/names.js";
import { coveringIndex, indexAt } from "../video/segments.js";
import { session } from "../video/session.js";
import { shownSegments, tuning } from "../results/tuning.js";
import { zoom } from "./zoom.js";

/** Up to this number all segments are elements of the page; above, only those around the visible part. */
const ALL_AT_ONCE = 1500;

/** Narrower segments get no button: it could not be seen. */
const THINNEST_PX = 0.4;

/** Narrower segments show no label: a few letters say nothing. */
const LABEL_FROM_PX = 34;

/** Narrower segments get a thinner boundary line: one of the usual width would cover them. */
const HAIRLINE_PX = 6;

export class TimelineRow {
  /** @param {"chapter" | "scene" | "shot"} level */
  constructor(level) {
    this.level = level;
    this.element = h("div", { class: "tl-row", role: "group", dataset: { level } });
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
    this.element.replaceChildren();
    this.window = null;
    this.active = null;
  }

  /**
   * Create, update and remove buttons for the visible part.
   * @param {number} fromS start of the visible part
   * @param {number} toS its end
   * @param {boolean} force also when the visible part is still inside the drawn one: segments or zoom have changed
   */
  draw(fromS, toS, force) {
    const { segments } = this;
    const spanS = toS - fromS;
    if (!force && this.window && (segments.length <= ALL_AT_ONCE
      || (fromS >= this.window[0] && toS <= this.window[1]))) return;
    this.window = [fromS - spanS, toS + spanS];
    const everything = segments.length <= ALL_AT_ONCE;
    const first = everything ? 0 : Math.max(0, indexAt(segments, this.window[0]));
    const last = everything ? segments.length : indexAt(segments, this.window[1]) + 1;
    const known = tuning.segments && new Set(session.segments[this.level].map((segment) => segment.start_frame));
    const kept = new Map();
    for (let place = first; place < last; place += 1) {
      const segment = segments[place];
      const widthPx = (segment.end_s - segment.start_s) * zoom.pxPerS;
      if (widthPx < THINNEST_PX) continue;
      const key = `${segment.start_s}|${segment.end_s}|${segment.label}|${segment.start_boundary?.kind}`;
      const cell = this.cells.get(key) ?? this.#cell(segment);
      cell.dataset.index = String(place);
      cell.classList.toggle("odd", place % 2 === 1);
      cell.classList.toggle("added", known !== null && !known.has(segment.start_frame));
      cell.classList.toggle("narrow", widthPx < LABEL_FROM_PX);
      cell.classList.toggle("hairline", widthPx < HAIRLINE_PX);
      placeCell(cell, segment);
      kept.set(key, cell);
    }
    for (const [key, cell] of this.cells) if (!kept.has(key)) cell.remove();
    let next = this.element.firstElementChild;
    for (const cell of kept.values()) {
      if (cell === next) next = next.nextElementSibling;
      else this.element.insertBefore(cell, next);
    }
    this.cells = kept;
    this.element.classList.toggle("empty", segments.length === 0);
  }

  #cell(segment) {
    const { start_boundary: boundary } = segment;
    const kind = boundary?.kind ?? "start";
    const cell = h("button", { type: "button", class: "segment tl-segment", tabindex: "-1",
      dataset: { level: this.level, kind, start: segment.start_s, end: segment.end_s },
      "aria-label": `${this.level} at ${clock(segment.start_s)}, ${segment.label || "no label"}, `
        + `begins with ${kindName(kind)}` },
      h("span", { class: "tl-label" }, segment.label || ""));
    const confidence = boundary && kind !== "start" ? boundary.confidence : 1;
    cell.style.setProperty("--confidence", String(Math.min(1, Math.max(0, confidence))));
    if (boundary && boundary.to_s - boundary.from_s > 1e-3 && !AT_ONCE.has(kind)) {
      cell.append(h("span", { class: "tl-extent" }));
    }
    if (session.provisional) cell.classList.add("fresh");
    return cell;
  }

  /** Highlight the segment at `timeS`. */
  mark(timeS) {
    const index = coveringIndex(this.segments, timeS);
    if (this.active?.dataset.index === String(index) && this.active.isConnected) return;
    this.active?.classList.remove("active");
    this.active = this.element.querySelector(`[data-index="${index}"]`);
    this.active?.classList.add("active");
  }

  /** The segment of a button of this row, or null. */
  segmentOf(cell) {
    return this.segments[Number(cell.dataset.index)] ?? null;
  }
}

/** Set left edge and width in percent of the row, and the transition's extent in percent of the segment. */
function placeCell(cell, segment) {
  const share = (seconds) => (seconds / zoom.spanS) * 100;
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
