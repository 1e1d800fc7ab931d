/**
 * The panel beside the player that lists segments of the chosen level, as rows, as a grid or as a table, or shows what
 * is said. It is virtual: only the rows in view are elements of the page, so its cost does not grow with the length of
 * the video. It is one Tab stop: the arrows go from row to row. A segment is told by its place in the level; the line
 * in which it stands is its slot.
 */
import { fill, h, setText, show } from "../toolkit/dom.js";
import { reachedByKeyboard } from "../toolkit/focus.js";
import { percent } from "../toolkit/format.js";
import { LEVEL_NAMES, LEVELS } from "../video/names.js";
import { coveringIndex } from "../video/segments.js";
import { session } from "../video/session.js";
import { view } from "../video/view.js";
import { words } from "../video/words.js";
import { editor } from "../editing/editor.js";
import { transport } from "../player/transport.js";
import { boundary } from "../results/boundary.js";
import { choice } from "../results/choice.js";
import { drawer } from "../results/drawer.js";
import { drawerPanel } from "../results/drawer-panel.js";
import { TranscriptPane } from "../results/transcript.js";
import { shownSegments, tuning } from "../results/tuning.js";
import { chosenBar } from "./chosen-bar.js";
import { extendTo } from "./choosing.js";
import { filterBar } from "./filter-bar.js";
import { listing } from "./listing.js";
import { contentOf, LAYOUTS, rowOf, tableHead } from "./rows.js";

/** Lines above and below the visible ones that exist as well, so that scrolling shows no gaps. */
const SPARE_LINES = 4;

/** After a person scrolled, the list does not follow the playhead for so long. */
const FOLLOW_PAUSE_MS = 4000;

class SegmentList {
  constructor(element) {
    this.tabs = LEVELS.map((level) => h("button", { type: "button", role: "tab", class: "tab",
      dataset: { level }, id: `tab-${level}`, "aria-controls": "segment-list",
      on: { click: () => this.#chooseLevel(level) } }));
    this.wordsTab = h("button", { type: "button", role: "tab", class: "tab", id: "tab-words",
      "aria-controls": "transcript", hidden: true, on: { click: () => this.#showWords(true) } });
    this.pane = new TranscriptPane();
    this.sheet = h("div", { class: "rows", on: { keydown: (event) => this.#rowKey(event),
      focusin: (event) => this.#focused(event) } });
    this.head = h("div", { class: "rows-head", role: "rowgroup", hidden: true });
    this.holder = h("div", { class: "rows-holder" }, this.head, this.sheet);
    this.scroller = h("div", { class: "segment-list", id: "segment-list", role: "tabpanel", tabindex: "-1",
      on: { scroll: () => this.#scheduleDraw() } }, this.holder);
    for (const type of ["wheel", "touchmove", "pointerdown"]) {
      this.scroller.addEventListener(type, () => { this.touchedAtMs = Date.now(); }, { passive: true });
    }
    this.empty = h("p", { class: "quiet", role: "status" });
    this.tools = h("div", {}, filterBar(), chosenBar());
    fill(element, h("div", { class: "beside" }, h("section", { class: "panel segments", "aria-label": "Segments" },
      h("div", { class: "tabs", role: "tablist", "aria-label": "Level", on: { keydown: (e) => this.#tabKey(e) } },
        this.tabs, this.wordsTab), this.tools, this.empty, this.scroller, this.pane.element), drawerPanel.element));
    /** @type {Map<number, HTMLElement>} */
    this.rows = new Map();
    /** Place of the row that is the list's Tab stop. */
    this.stop = 0;
    this.#setRoles();
    session.on("opened", () => this.#reset());
    session.on("segments", () => this.#update());
    session.on("video", () => this.#onVideo());
    tuning.on("change", () => this.#update());
    editor.on("change", () => this.#update());
    choice.on("change", () => this.#markSelected());
    listing.on("change", () => this.#relist());
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

  /** Height of a line, how many cells it has, how many lines there are, and the height that they are seen in. */
  get #shape() {
    const { linePx, cellPx, headPx } = LAYOUTS[listing.layout];
    const perLine = Math.max(1, Math.floor(this.scroller.clientWidth / cellPx));
    return { linePx, perLine, lines: Math.ceil(listing.places.length / perLine),
      seenPx: this.scroller.clientHeight - headPx };
  }

  /** Other segments are listed, or in another way: rows are drawn anew, the focus stays on its segment. */
  #relist() {
    const focused = this.sheet.contains(document.activeElement);
    if (this.layout !== listing.layout) this.#setRoles();
    this.rows.clear();
    this.sheet.replaceChildren();
    this.#update();
    const slot = listing.slotOf(this.stop);
    if (slot !== undefined) this.#reveal(slot);
    if (focused) this.rows.get(this.stop)?.focus({ preventScroll: true });
  }

  /** A list and a grid of stills are list boxes; a table is a grid of rows with a head. */
  #setRoles() {
    const table = listing.layout === "table";
    this.layout = listing.layout;
    this.scroller.dataset.layout = listing.layout;
    this.sheet.setAttribute("role", table ? "rowgroup" : "listbox");
    const [named, plain] = table ? [this.holder, this.sheet] : [this.sheet, this.holder];
    named.setAttribute("aria-multiselectable", "true");
    for (const name of ["aria-multiselectable", "aria-label"]) plain.removeAttribute(name);
    this.named = named;
    if (table) this.holder.setAttribute("role", "grid");
    else this.holder.removeAttribute("role");
    show(this.head, table);
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
    show(this.tools, !this.wordsShown && this.segments.length > 0);
    this.named.setAttribute("aria-label", `List of ${LEVEL_NAMES[view.level].toLowerCase()}`);
    if (this.layout === "table") this.#drawHead();
    const { segments } = this;
    const focused = [...this.rows].find(([, row]) => row === document.activeElement)?.[0];
    for (const [place, row] of this.rows) {
      if (place >= segments.length || row.dataset.content !== contentOf(segments[place])) {
        row.remove();
        this.rows.delete(place);
      }
    }
    this.rows.get(this.active)?.removeAttribute("aria-current");
    this.active = -1;
    this.#explainEmpty();
    this.#draw();
    // A row that is drawn anew, as after a correction, keeps the focus.
    if (focused !== undefined && document.activeElement === document.body) this.rows.get(this.stop)?.focus();
    this.#markActive();
  }

  /** The head keeps the focus of its buttons. */
  #drawHead() {
    const focused = document.activeElement?.closest?.(".table-head [data-column]")?.dataset.column;
    fill(this.head, tableHead(listing.sort, (column) => listing.sortBy(column)));
    if (focused) this.head.querySelector(`[data-column="${focused}"] button`).focus({ preventScroll: true });
    this.holder.setAttribute("aria-rowcount", String(listing.places.length + 1));
  }

  #explainEmpty() {
    const { video } = session;
    const none = listing.places.length === 0;
    show(this.empty, none && !this.wordsShown);
    show(this.scroller, !none && !this.wordsShown);
    if (!none || !video) {
      setText(this.empty, "");
    } else if (this.segments.length > 0) {
      setText(this.empty, `None of ${this.segments.length} ${LEVEL_NAMES[view.level].toLowerCase()} meets the filter.`);
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
    const { places } = listing;
    const { linePx, perLine, lines, seenPx } = this.#shape;
    this.sheet.style.height = `${lines * linePx}px`;
    const top = this.scroller.scrollTop;
    const first = Math.max(0, Math.floor(top / linePx) - SPARE_LINES) * perLine;
    const last = (Math.ceil((top + seenPx) / linePx) + SPARE_LINES) * perLine;
    if (listing.slotOf(this.stop) === undefined) this.stop = places[0] ?? 0;
    const wanted = new Set(places.slice(first, Math.max(first, last)));
    // The Tab stop is an element also when it is scrolled away: the focus may be on it.
    if (places.length) wanted.add(this.stop);
    for (const [place, row] of this.rows) {
      if (wanted.has(place)) continue;
      row.remove();
      this.rows.delete(place);
    }
    for (const place of wanted) {
      if (this.rows.has(place)) continue;
      const slot = listing.slotOf(place);
      const row = rowOf(this.layout, segments[place], place, (event) => this.#clicked(event, place));
      const after = [...this.rows].map(([other]) => listing.slotOf(other)).filter((other) => other > slot)
        .sort((one, other) => one - other)[0];
      this.sheet.insertBefore(row, after === undefined ? null : this.rows.get(places[after]));
      this.rows.set(place, row);
    }
    for (const [place, row] of this.rows) {
      const slot = listing.slotOf(place);
      row.style.top = `${Math.floor(slot / perLine) * linePx}px`;
      row.style.left = `${((slot % perLine) / perLine) * 100}%`;
      row.style.width = `${100 / perLine}%`;
      row.setAttribute(this.layout === "table" ? "aria-rowindex" : "aria-posinset",
        String(slot + (this.layout === "table" ? 2 : 1)));
    }
    this.#markStop();
    this.rows.get(this.active)?.setAttribute("aria-current", "true");
    this.#markSelected();
  }

  #markStop() {
    for (const [index, row] of this.rows) {
      row.tabIndex = index === this.stop ? 0 : -1;
      if (this.layout !== "table") row.setAttribute("aria-setsize", String(listing.places.length));
    }
  }

  #markSelected() {
    const here = boundary.level === view.level;
    for (const [index, row] of this.rows) {
      const chosen = choice.has(view.level, this.segments[index]?.start_frame);
      row.classList.toggle("chosen", chosen);
      row.classList.toggle("shown-boundary", here && index === boundary.index);
      row.setAttribute("aria-selected", String(choice.any ? chosen : here && index === boundary.index));
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

  /**
   * The arrows go from row to row, with Shift they choose; Ctrl A chooses all that are listed; Enter opens the boundary
   * with which a row begins. All else is the film's, and what corrects the result.
   */
  #rowKey(event) {
    const all = (event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "a";
    if (!all && (event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && editor.active))) return;
    const step = all ? undefined : this.#stepOf(event.key);
    if (!all && step === undefined && event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    const { places } = listing;
    if (all) {
      choice.choose(view.level, places);
    } else if (step === undefined) {
      boundary.open(view.level, this.stop);
    } else {
      const from = this.stop;
      this.#moveStop(Math.min(Math.max(listing.slotOf(from) + step, 0), places.length - 1));
      if (event.shiftKey) this.#extend(from);
    }
  }

  /** By how many segments a key goes on; left and right are the film's where a line has only one. */
  #stepOf(key) {
    const { perLine } = this.#shape;
    const beside = perLine > 1 && reachedByKeyboard() ? { ArrowLeft: -1, ArrowRight: 1 } : {};
    return { ArrowUp: -perLine, ArrowDown: perLine, ...beside }[key];
  }

  /** Choose from where the arrows began to the Tab stop. */
  #extend(from) {
    if (choice.level !== view.level || !choice.any) choice.toggle(view.level, from);
    extendTo(view.level, this.stop, true);
  }

  #moveStop(slot) {
    this.stop = listing.places[slot];
    this.touchedAtMs = Date.now();
    this.#reveal(slot);
    this.#draw();
    this.rows.get(this.stop)?.focus({ preventScroll: true });
  }

  /** Scroll by the least way that shows a slot. */
  #reveal(slot) {
    const { linePx, perLine, seenPx } = this.#shape;
    const { scrollTop } = this.scroller;
    const top = Math.floor(slot / perLine) * linePx;
    if (top < scrollTop) this.scroller.scrollTop = top;
    else if (top + linePx > scrollTop + seenPx) this.scroller.scrollTop = top + linePx - seenPx;
  }

  /** A click seeks; on the kind of the boundary, or while one is shown in the drawer, it opens the boundary. */
  #clicked(event, index) {
    if (event.target.closest(".row-boundary") || drawer.pane === "boundary") boundary.open(view.level, index);
    else transport.seek(this.segments[index].start_s);
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
    const slot = listing.slotOf(this.active);
    if (slot === undefined || Date.now() - (this.touchedAtMs ?? 0) < FOLLOW_PAUSE_MS) return;
    const { linePx, perLine, seenPx } = this.#shape;
    const top = Math.floor(slot / perLine) * linePx;
    const { scrollTop } = this.scroller;
    if (top < scrollTop || top + linePx > scrollTop + seenPx) {
      this.scroller.scrollTop = Math.max(0, top - seenPx / 2 + linePx / 2);
    }
  }
}

/** @param {HTMLElement} element */
export function mountSegmentList(element) {
  return new SegmentList(element);
}
