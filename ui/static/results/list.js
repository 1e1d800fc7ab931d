/**
 * The panel beside the player that lists the segments of the chosen level, or shows what is said. The list is virtual:
 * only the rows in view are elements of the page, so its cost does not grow with the length of the video. It is one Tab
 * stop: the arrows up and down go from row to row.
 */
import { fill, h, setText, show } from "../toolkit/dom.js";
import { reachedByKeyboard } from "../toolkit/focus.js";
import { clock, duration, percent, share } from "../toolkit/format.js";
import { thumbnailUrl } from "../api/requests.js";
import { cueOf, kindName, LEVEL_NAMES, LEVELS, nameOf, NO_CHANGE } from "../video/names.js";
import { coveringIndex } from "../video/segments.js";
import { session } from "../video/session.js";
import { view } from "../video/view.js";
import { words } from "../video/words.js";
import { editor } from "../editing/editor.js";
import { transport } from "../player/transport.js";
import { boundary } from "./boundary.js";
import { choice } from "./choice.js";
import { drawer } from "./drawer.js";
import { drawerPanel } from "./drawer-panel.js";
import { TranscriptPane } from "./transcript.js";
import { shownSegments, tuning } from "./tuning.js";

/** Height of a row, as in styles/player.css. */
const ROW_PX = 62;

/** Rows above and below the visible ones that exist as well, so that scrolling shows no gaps. */
const SPARE_ROWS = 4;

/** After a person scrolled, the list does not follow the playhead for so long. */
const FOLLOW_PAUSE_MS = 4000;

/** A word that only a screen reader says: what is seen tells it by its place. */
const unseen = (text) => h("span", { class: "visually-hidden" }, text);

class SegmentList {
  constructor(element) {
    this.tabs = LEVELS.map((level) => h("button", { type: "button", role: "tab", class: "tab",
      dataset: { level }, id: `tab-${level}`, "aria-controls": "segment-list",
      on: { click: () => this.#chooseLevel(level) } }));
    this.wordsTab = h("button", { type: "button", role: "tab", class: "tab", id: "tab-words",
      "aria-controls": "transcript", hidden: true, on: { click: () => this.#showWords(true) } });
    this.pane = new TranscriptPane();
    this.sheet = h("div", { class: "rows", role: "listbox", "aria-multiselectable": "true", on: { keydown: (event) => this.#rowKey(event),
      focusin: (event) => this.#focused(event) } });
    this.scroller = h("div", { class: "segment-list", id: "segment-list", role: "tabpanel", tabindex: "-1",
      on: { scroll: () => this.#scheduleDraw() } }, this.sheet);
    for (const type of ["wheel", "touchmove", "pointerdown"]) {
      this.scroller.addEventListener(type, () => { this.touchedAtMs = Date.now(); }, { passive: true });
    }
    this.empty = h("p", { class: "quiet", role: "status" });
    fill(element, h("div", { class: "beside" }, h("section", { class: "panel segments", "aria-label": "Segments" },
      h("div", { class: "tabs", role: "tablist", "aria-label": "Level", on: { keydown: (e) => this.#tabKey(e) } },
        this.tabs, this.wordsTab), this.empty, this.scroller, this.pane.element), drawerPanel.element));
    /** @type {Map<number, HTMLElement>} */
    this.rows = new Map();
    /** Index of the row that is the list's Tab stop. */
    this.stop = 0;
    session.on("opened", () => this.#reset());
    session.on("segments", () => this.#update());
    session.on("video", () => this.#onVideo());
    tuning.on("change", () => this.#update());
    editor.on("change", () => this.#update());
    choice.on("change", () => this.#markSelected());
    boundary.on("change", () => this.#markSelected());
    words.on("words", () => this.#updateWords());
    view.on("level", () => this.#reset());
    transport.on("time", () => this.#markActive());
    new ResizeObserver(() => {
      this.#revealActive();
      this.#draw();
    }).observe(this.scroller);
  }

  get segments() {
    return shownSegments(view.level);
  }

  /**
   * Left and right arrow choose the neighbouring tab, as ARIA asks of a tab list. After a click they are the film's.
   */
  #tabKey(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !reachedByKeyboard()) return;
    event.preventDefault();
    event.stopPropagation();
    const tabs = [...this.tabs, this.wordsTab].filter((tab) => !tab.hidden);
    const chosen = tabs.findIndex((tab) => tab.getAttribute("aria-selected") === "true");
    const tab = tabs[(chosen + step + tabs.length) % tabs.length];
    tab.click();
    tab.focus();
  }

  #chooseLevel(level) {
    this.#showWords(false);
    view.choose(level);
  }

  /** The transcript in place of the segments, or the segments again. */
  #showWords(shown) {
    this.wordsShown = shown;
    show(this.pane.element, shown);
    this.#update();
    if (shown) this.pane.shown();
  }

  #updateWords() {
    const { state = "none", fraction = 0 } = words.status ?? {};
    const { length } = words.items;
    fill(this.wordsTab, "Words", h("span", { class: "tab-count" },
      length ? String(length) : state === "running" ? percent(fraction) : ""));
    show(this.wordsTab, state !== "none");
    if (state === "none" && this.wordsShown) this.#showWords(false);
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
    this.stop = 0;
    this.#update();
  }

  /** Rows whose content has not changed stay, with their focus, hover and pictures. */
  #update() {
    for (const tab of this.tabs) {
      const { level } = tab.dataset;
      const chosen = level === view.level && !this.wordsShown;
      const { length } = shownSegments(level);
      fill(tab, LEVEL_NAMES[level], h("span", { class: "tab-count" }, length ? String(length) : ""));
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
    }
    this.wordsTab.setAttribute("aria-selected", String(Boolean(this.wordsShown)));
    this.wordsTab.tabIndex = this.wordsShown ? 0 : -1;
    this.scroller.setAttribute("aria-labelledby", `tab-${view.level}`);
    this.sheet.setAttribute("aria-label", `List of ${LEVEL_NAMES[view.level].toLowerCase()}`);
    const { segments } = this;
    const focused = [...this.rows].find(([, row]) => row === document.activeElement)?.[0];
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
    // A row that is drawn anew, as after a correction, keeps the focus.
    if (focused !== undefined && document.activeElement === document.body) this.rows.get(this.stop)?.focus();
    this.#markActive();
  }

  #explainEmpty() {
    const { video } = session;
    const none = this.segments.length === 0;
    show(this.empty, none && !this.wordsShown);
    show(this.scroller, !none && !this.wordsShown);
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
    this.stop = Math.min(this.stop, Math.max(0, segments.length - 1));
    const wanted = new Set(Array.from({ length: Math.max(0, last - first) }, (_, place) => first + place));
    // The Tab stop is an element also when it is scrolled away: the focus may be on it.
    if (segments.length) wanted.add(this.stop);
    for (const [index, row] of this.rows) {
      if (wanted.has(index)) continue;
      row.remove();
      this.rows.delete(index);
    }
    for (const index of wanted) {
      if (this.rows.has(index)) continue;
      const row = this.#row(segments[index], index);
      this.rows.set(index, row);
      const after = [...this.rows.keys()].filter((other) => other > index).sort((a, b) => a - b)[0];
      this.sheet.insertBefore(row, after === undefined ? null : this.rows.get(after));
    }
    this.#markStop();
    this.rows.get(this.active)?.setAttribute("aria-current", "true");
    this.#markSelected();
  }

  #markStop() {
    for (const [index, row] of this.rows) {
      row.tabIndex = index === this.stop ? 0 : -1;
      row.setAttribute("aria-setsize", String(this.segments.length));
    }
  }

  #markSelected() {
    const here = boundary.level === view.level;
    for (const [index, row] of this.rows) {
      const chosen = choice.has(view.level, this.segments[index]?.start_frame);
      row.setAttribute("aria-selected", String(chosen || (here && index === boundary.index)));
    }
  }

  /** A row that gets the focus, by a click, too, is the Tab stop from now on. */
  #focused(event) {
    const row = event.target.closest(".segment-row");
    if (!row) return;
    const index = Number(row.dataset.index);
    // Keys that correct mean the selected boundary: on the way through the list it is the focused row's.
    if (editor.active && reachedByKeyboard() && (boundary.level !== view.level || boundary.index !== index)) {
      boundary.select(view.level, index);
    }
    if (index === this.stop) return;
    this.stop = index;
    this.#markStop();
  }

  /** Up and down go from row to row, Enter opens the boundary with which a row begins; all else is the film's. */
  #rowKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && editor.active)) return;
    const last = this.segments.length - 1;
    const target = { ArrowUp: this.stop - 1, ArrowDown: this.stop + 1 }[event.key];
    if (target === undefined && event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Enter") boundary.open(view.level, this.stop);
    else this.#moveStop(Math.min(Math.max(target, 0), last));
  }

  #moveStop(index) {
    this.stop = index;
    this.touchedAtMs = Date.now();
    const { scrollTop, clientHeight } = this.scroller;
    const top = index * ROW_PX;
    if (top < scrollTop) this.scroller.scrollTop = top;
    else if (top + ROW_PX > scrollTop + clientHeight) this.scroller.scrollTop = top + ROW_PX - clientHeight;
    this.#draw();
    this.rows.get(index)?.focus({ preventScroll: true });
  }

  /** A click seeks; on the kind of the boundary, or while one is shown in the drawer, it opens the boundary. */
  #clicked(event, index) {
    if (event.target.closest(".row-boundary") || drawer.pane === "boundary") boundary.open(view.level, index);
    else transport.seek(this.segments[index].start_s);
  }

  #row(segment, index) {
    const { start_boundary: start } = segment;
    const url = thumbnailUrl(session.id, segment);
    const length = segment.end_s - segment.start_s;
    const cue = cueOf(segment);
    return h("button", { type: "button", role: "option", class: "segment segment-row", "aria-posinset": index + 1,
      style: { top: `${index * ROW_PX}px` },
      dataset: { level: segment.level, index, start: segment.start_s, content: contentOf(segment) },
      on: { click: (event) => this.#clicked(event, index) } },
      h("span", { class: "row-picture" }, url && picture(url)),
      h("span", { class: "row-text" }, unseen(`${segment.level} `),
        h("span", { class: "row-line" }, h("span", { class: "row-number" }, String(index + 1)),
          h("span", { class: "row-label", dir: "auto" }, nameOf(segment)),
          cue && h("span", { class: "cue" }, cue)),
        h("span", { class: "row-times" }, `${clock(segment.start_s)} – ${clock(segment.end_s)}`),
        h("span", { class: "row-line small" }, start && h("span", { class: "row-boundary" },
          unseen("begins with "), h("span", { class: "kind", dataset: { kind: start.kind } }, kindName(start.kind)),
          !NO_CHANGE.has(start.kind) && (start.locked ? h("span", { class: "by-hand" }, "by hand")
            : h("span", {}, share(start.confidence)))),
          h("span", { class: "row-length" }, duration(length)))));
  }

  #markActive() {
    const active = coveringIndex(this.segments, transport.time);
    if (active === this.active) return;
    this.rows.get(this.active)?.removeAttribute("aria-current");
    this.active = active;
    this.rows.get(active)?.setAttribute("aria-current", "true");
    this.#revealActive();
  }

  #revealActive() {
    const { active } = this;
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
  const { kind, confidence, locked } = segment.start_boundary ?? {};
  return JSON.stringify([segment.start_s, segment.end_s, nameOf(segment), cueOf(segment), segment.thumbnail, kind,
    confidence, locked]);
}

/** @param {HTMLElement} element */
export function mountSegmentList(element) {
  return new SegmentList(element);
}
