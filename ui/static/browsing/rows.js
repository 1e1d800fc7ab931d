/**
 * How one segment is drawn in the list: as a row with a still, as a cell of a grid of stills, or as a row of a table;
 * and the head of that table. Does not know which segments are listed.
 */
import { h } from "../toolkit/dom.js";
import { clock, duration, share } from "../toolkit/format.js";
import { thumbnailUrl } from "../api/requests.js";
import { cueOf, kindName, nameOf, NO_CHANGE } from "../video/names.js";
import { session } from "../video/session.js";

/**
 * `linePx`: height of a line, as in styles/player.css; `cellPx`: least width of a cell where a
 * line has several; `headPx`: height of the head above the lines.
 */
export const LAYOUTS = {
  list: { linePx: 62, cellPx: Infinity, headPx: 0 },
  grid: { linePx: 136, cellPx: 150, headPx: 0 },
  table: { linePx: 30, cellPx: Infinity, headPx: 30 },
};

/** Columns of the table: what each sorts by, its name, and its text for a segment. */
const COLUMNS = [
  ["start", "Start", (segment) => clock(segment.start_s)],
  ["length", "Length", (segment) => duration(segment.end_s - segment.start_s)],
  ["name", "Title", (segment) => nameOf(segment)],
  ["kind", "Begins with", (segment) => kindName(segment.start_boundary?.kind)],
  ["confidence", "Certain", (segment) => confidenceOf(segment)],
  ["label", "Label", (segment) => segment.label ?? ""],
  ["role", "Role", (segment) => segment.role ?? "content"],
];

/** How certain a boundary is, as text; empty where that means nothing. */
function confidenceOf({ start_boundary: start }) {
  if (!start || NO_CHANGE.has(start.kind)) return "";
  return start.locked ? "by hand" : share(start.confidence);
}

/** Everything of a segment that its row shows, as one string to compare. */
export function contentOf(segment) {
  const { kind, confidence, locked } = segment.start_boundary ?? {};
  return JSON.stringify([segment.start_s, segment.end_s, nameOf(segment), segment.label, segment.role,
    segment.thumbnail, kind, confidence, locked]);
}

/**
 * @param {"list" | "grid" | "table"} layout
 * @param {any} segment
 * @param {number} place its place in the level
 * @param {(event: MouseEvent) => void} onClick
 */
export function rowOf(layout, segment, place, onClick) {
  const props = {
    dataset: { level: segment.level, index: place, start: segment.start_s, content: contentOf(segment) },
    on: { click: onClick },
  };
  if (layout === "table") {
    return h("div", { ...props, role: "row", class: "segment segment-row table-row" }, tick("gridcell"),
      h("span", { role: "gridcell", class: "row-number" }, String(place + 1)), COLUMNS.map(([column, , text]) =>
        h("span", { role: "gridcell", class: "table-cell", dataset: { column }, dir: "auto" }, text(segment))));
  }
  const shape = layout === "grid" ? "segment segment-row grid-cell" : "segment segment-row";
  return h("button", { ...props, type: "button", role: "option", class: shape },
    (layout === "grid" ? cellContent : rowContent)(segment, place));
}

/** A word that only a screen reader says: what is seen tells it by its place. */
const unseen = (text) => h("span", { class: "visually-hidden" }, text);

/** The mark of a chosen segment, which a click sets; keys and `aria-selected` tell the same. */
const tick = (role = null) => h("span", { class: "row-tick", role, "aria-hidden": role ? null : "true",
  title: "Choose it, to cut, export or join (X)" });

function rowContent(segment, place) {
  const { start_boundary: start } = segment;
  const cue = cueOf(segment);
  return [still(segment),
    h("span", { class: "row-text" }, unseen(`${segment.level} `),
      h("span", { class: "row-line" }, h("span", { class: "row-number" }, String(place + 1)),
        h("span", { class: "row-label", dir: "auto" }, nameOf(segment)),
        cue && h("span", { class: "cue" }, cue)),
      h("span", { class: "row-times" }, `${clock(segment.start_s)} – ${clock(segment.end_s)}`),
      h("span", { class: "row-line small" }, start && h("span", { class: "row-boundary" },
        unseen("begins with "), h("span", { class: "kind", dataset: { kind: start.kind } }, kindName(start.kind)),
        !NO_CHANGE.has(start.kind) && (start.locked ? h("span", { class: "by-hand" }, "by hand")
          : h("span", {}, share(start.confidence)))),
        h("span", { class: "row-length" }, duration(segment.end_s - segment.start_s))))];
}

function cellContent(segment, place) {
  return [still(segment), unseen(`${segment.level} `),
    h("span", { class: "row-line" }, h("span", { class: "row-number" }, String(place + 1)),
      h("span", { class: "row-label", dir: "auto" }, nameOf(segment))),
    h("span", { class: "row-line small" }, h("span", { class: "row-times" }, clock(segment.start_s, 0)),
      h("span", { class: "row-length" }, duration(segment.end_s - segment.start_s)))];
}

/** A still with the mark; where it cannot be loaded its place stays empty. */
function still(segment) {
  const url = thumbnailUrl(session.id, segment);
  return h("span", { class: "row-picture" }, url && h("img", { src: url, alt: "", loading: "lazy",
    on: { error: (event) => event.target.remove() } }), tick());
}

/**
 * The head of the table, whose buttons sort it.
 * @param {{column: string, descending: boolean}} sort
 * @param {(column: string) => void} onSort
 */
export function tableHead(sort, onSort) {
  const head = ([column, name]) => {
    const here = sort.column === column;
    const order = here ? (sort.descending ? "descending" : "ascending") : "none";
    return h("span", { role: "columnheader", class: "table-cell", "aria-sort": order, dataset: { column } },
      h("button", { type: "button", class: "table-sort", on: { click: () => onSort(column) } }, name,
        h("span", { "aria-hidden": "true" }, here ? (sort.descending ? " ▾" : " ▴") : "")));
  };
  return h("div", { class: "table-row table-head", role: "row", "aria-rowindex": 1 },
    h("span", { role: "columnheader", class: "row-tick none" }, unseen("Chosen")),
    h("span", { role: "columnheader", class: "row-number" }, "#"), COLUMNS.map(head));
}
