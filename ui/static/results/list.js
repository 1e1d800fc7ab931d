/**
 * The panel beside the player that lists the segments of the chosen level. The list is virtual: only the rows in view
 * are elements of the page, so its cost does not grow with the length of the video.
 */
import { fill, h, setText, show } from "../toolkit/dom.js";
import { clock, count, duration, percent } from "../toolkit/format.js";
import { thumbnailUrl } from "../api/requests.js";
import { kindName, LEVEL_NAMES, LEVELS } from "../video/names.js";
import { coveringIndex } from "../video/segments.js";
import { session } from "../video/session.js";
import { view } from "../video/view.js";
import { transport } from "../player/transport.js";

/** Height of a row, as in styles/player.css. */
const ROW_PX = 62;

/** Rows above and below the visible ones that exist as well, so that scrolling shows no gaps. */
const SPARE_ROWS = 4;

/** After a person scrolled, the list does not follow the playhead for so long. */
const FOLLOW_PAUSE_MS = 4000;

class SegmentList {
  constructor(element) {
    this.tabs = LEVELS.map((level) => h("button", { type: "button", role: "tab", class: "tab",
      dataset: { level }, id: `tab-${level}`, "aria-controls": "segment-list",
      on: { click: () => view.choose(level) } }));
    this.sheet = h("div", { class: "rows" });
    this.scroller = h("div", { class: "segment-list", id: "segment-list", role: "tabpanel", tabindex: "-1",
      on: { scroll: () => this.#scheduleDraw() } }, this.sheet);
    for (const type of ["wheel", "touchmove", "pointerdown"]) {
      this.scroller.addEventListener(type, () => { this.touchedAtMs = Date.now(); }, { passive: true });
    }
    this.empty = h("p", { class: "quiet", role: "status" });
    fill(element, h("section", { class: "panel segments", "aria-label": "Segments" },
      h("div", { class: "tabs", role: "tablist", "aria-label": "Level", on: { keydown: (e) => this.#tabKey(e) } },
        this.tabs), this.empty, this.scroller));
    /** @type {Map<number, HTMLElement>} */
    this.rows = new Map();
    session.on("opened", () => this.#reset());
    session.on("segments", () => this.#update());
    session.on("video", () => this.#onVideo());
    view.on("level", () => this.#reset());
    transport.on("time", () => this.#markActive());
    new ResizeObserver(() => this.#draw()).observe(this.scroller);
  }

  get segments() {
    return session.segments[view.level];
  }

  /** Left and right arrow choose the neighbouring tab, as ARIA asks of a tab list. */
  #tabKey(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const levels = session.soundOnly ? LEVELS.filter((level) => level !== "shot") : LEVELS;
    const level = levels[(levels.indexOf(view.level) + step + levels.length) % levels.length];
    view.choose(level);
    this.tabs[LEVELS.indexOf(level)].focus();
  }

  /** A file without a picture has no shots: the list shows scenes instead. */
  #onVideo() {
    show(this.tabs[LEVELS.indexOf("shot")], !session.soundOnly);
    if (session.soundOnly && view.level === "shot") view.choose("scene");
    this.#explainEmpty();
  }

  #reset() {
    show(this.tabs[LEVELS.indexOf("shot")], !session.soundOnly);
    this.rows.clear();
    this.sheet.replaceChildren();
    this.scroller.scrollTop = 0;
    this.touchedAtMs = 0;
    this.#update();
  }

  /** Rows whose content has not changed stay, with their focus, hover and pictures. */
  #update() {
    for (const tab of this.tabs) {
      const { level } = tab.dataset;
      const chosen = level === view.level;
      const { length } = session.segments[level];
      fill(tab, LEVEL_NAMES[level], h("span", { class: "tab-count" }, length ? String(length) : ""));
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
    }
    this.scroller.setAttribute("aria-labelledby", `tab-${view.level}`);
    const { segments } = this;
    for (const [place, row] of this.rows) {
      if (place >= segments.length || row.dataset.content !== contentOf(segments[place])) {
        row.remove();
        this.rows.delete(place);
      }
    }
    this.rows.get(this.active)?.removeAttribute("aria-current");
    this.sheet.style.height = `${this.segments.length * ROW_PX}px`;
    this.active = -1;
    this.#explainEmpty();
    this.#draw();
    this.#markActive();
  }

  #explainEmpty() {
    const { video } = session;
    const none = this.segments.length === 0;
    show(this.empty, none);
    show(this.scroller, !none);
    if (!none || !video) {
      setText(this.empty, "");
    } else if (["failed", "cancelled"].includes(video.state)) {
      setText(this.empty, `No ${LEVEL_NAMES[view.level].toLowerCase()} were found before the analysis ended.`);
    } else if (video.state === "done") {
      setText(this.empty, "Loading…");
    } else {
      setText(this.empty, view.level === "shot" ? "The first shots appear here soon."
        : `${LEVEL_NAMES[view.level]} are formed when all ${session.soundOnly ? "sound is" : "shots are"} known.`);
    }
  }

  #scheduleDraw() {
    if (this.frame) return;
    this.frame = window.requestAnimationFrame(() => {
      this.frame = 0;
      this.#draw();
    });
  }

  #draw() {
    const { segments } = this;
    const top = this.scroller.scrollTop;
    const first = Math.max(0, Math.floor(top / ROW_PX) - SPARE_ROWS);
    const last = Math.min(segments.length, Math.ceil((top + this.scroller.clientHeight) / ROW_PX) + SPARE_ROWS);
    for (const [index, row] of this.rows) {
      if (index < first || index >= last) {
        row.remove();
        this.rows.delete(index);
      }
    }
    for (let index = first; index < last; index += 1) {
      if (!this.rows.has(index)) {
        const row = this.#row(segments[index], index);
        this.rows.set(index, row);
        const after = [...this.rows.keys()].filter((other) => other > index).sort((a, b) => a - b)[0];
        this.sheet.insertBefore(row, after === undefined ? null : this.rows.get(after));
      }
    }
    this.rows.get(this.active)?.setAttribute("aria-current", "true");
  }

  #row(segment, index) {
    const { start_boundary: boundary } = segment;
    const url = thumbnailUrl(session.id, segment);
    const length = segment.end_s - segment.start_s;
    const row = h("button", { type: "button", class: "segment segment-row", style: { top: `${index * ROW_PX}px` },
      dataset: { level: segment.level, index, start: segment.start_s, content: contentOf(segment) },
      "aria-label": `${segment.level} ${index + 1}, ${clock(segment.start_s)}, `
        + `${segment.label || "no label"}, begins with ${kindName(boundary?.kind)}`,
      on: { click: () => transport.seek(segment.start_s) } },
      h("span", { class: "row-picture" }, url && picture(url)),
      h("span", { class: "row-text" },
        h("span", { class: "row-line" }, h("span", { class: "row-number" }, String(index + 1)),
          h("span", { class: "row-label" }, segment.label || "")),
        h("span", { class: "row-times" }, `${clock(segment.start_s)} – ${clock(segment.end_s)}`),
        h("span", { class: "row-line small" }, boundary && h("span", { class: "kind",
          dataset: { kind: boundary.kind } }, kindName(boundary.kind)),
          boundary && boundary.kind !== "start" && h("span", {}, percent(boundary.confidence)),
          h("span", { class: "row-length" }, duration(length)))));
    return row;
  }

  #markActive() {
    const active = coveringIndex(this.segments, transport.time);
    if (active === this.active) return;
    this.rows.get(this.active)?.removeAttribute("aria-current");
    this.active = active;
    this.rows.get(active)?.setAttribute("aria-current", "true");
    if (active < 0 || Date.now() - (this.touchedAtMs ?? 0) < FOLLOW_PAUSE_MS) return;
    const top = active * ROW_PX;
    const { scrollTop, clientHeight } = this.scroller;
    if (top < scrollTop || top + ROW_PX > scrollTop + clientHeight) {
      this.scroller.scrollTop = Math.max(0, top - clientHeight / 2 + ROW_PX / 2);
    }
  }
}

/** A still; where it cannot be loaded its place stays empty. */
function picture(url) {
  return h("img", { src: url, alt: "", loading: "lazy", on: { error: (event) => event.target.remove() } });
}

/** Everything of a segment that its row shows, as one string to compare. */
function contentOf(segment) {
  const { kind, confidence } = segment.start_boundary ?? {};
  return JSON.stringify([segment.start_s, segment.end_s, segment.label, segment.thumbnail, kind, confidence]);
}

/** @param {HTMLElement} element */
export function mountSegmentList(element) {
  return new SegmentList(element);
}
