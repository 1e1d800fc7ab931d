/**
 * The panel with the list of videos, with a search box, a filter and an order: the list is narrowed by name, and above
 * it are moments with the words (moments.js). However long it is, only the rows in view are read and drawn
 * (window.js), and a refresh is one request for them; it comes at an interval, faster while a video of them is being
 * analysed. A click only changes the address; `session` opens the video.
 */
import { fill, h, icon, setText, show } from "../toolkit/dom.js";
import { count } from "../toolkit/format.js";
import { currentId, onChange } from "../toolkit/router.js";
import { connection } from "../api/connection.js";
import { placeVideos } from "../api/requests.js";
import { STATE_NAMES, TERMINAL } from "../video/names.js";
import { session } from "../video/session.js";
import { Card } from "./card.js";
import { Chosen } from "./chosen.js";
import { MomentList } from "./moments.js";
import { uploads } from "../uploads/panel.js";
import { holds, ROW_PX, rowsInView, rowsToRead, scrollTo } from "./window.js";

/** Interval of reading the list: while a video in view is being analysed, and otherwise. */
const REFRESH_BUSY_MS = 3000;
const REFRESH_IDLE_MS = 20000;

/** Debounce: the search is sent when nothing has been typed for so long; the same for scrolling. */
const SEARCH_PAUSE_MS = 250;
const SCROLL_PAUSE_MS = 80;

/** Names of the API's orders. */
const ORDER_NAMES = {
  newest: "Newest first",
  oldest: "Oldest first",
  name: "By name",
  longest: "Longest first",
};

class VideoList {
  constructor(element) {
    /** @type {Map<string, Card>} those in view */
    this.cards = new Map();
    /** @type {any[]} the videos that were read, from place `offset` on */
    this.videos = [];
    this.offset = 0;
    this.total = 0;
    this.query = "";
    this.search = /** @type {HTMLInputElement} */ (h("input", { type: "search", id: "library-search",
      placeholder: "Search words and names", "aria-label": "Search moments by words, and videos by name",
      autocomplete: "off", on: { input: () => this.#searchSoon() } }));
    this.moments = new MomentList(this.search);
    this.state = this.#select("Videos in state", [["", "All states"], ...Object.entries(STATE_NAMES)]);
    this.order = this.#select("Order of the videos", Object.entries(ORDER_NAMES));
    this.count = h("span", { class: "library-count" });
    this.chosen = new Chosen(() => this.#chosenChanged());
    this.list = h("ul", { class: "library-list", "aria-label": "Videos" });
    this.view = h("div", { class: "library-view", on: { scroll: () => this.#scrolled() } }, this.list);
    this.note = h("p", { class: "quiet", role: "status" });
    fill(element, h("section", { class: "panel library", "aria-label": "Videos" },
      h("div", { class: "library-head" }, h("h2", { class: "panel-title" }, "Videos"), this.count),
      h("div", { class: "search" }, icon("search"), this.search), this.moments.element,
      h("div", { class: "library-choices" }, this.state, this.order),
      this.chosen.element, this.chosen.problem, this.note, this.view));
    this.#follow();
    this.refresh({ reveal: true });
  }

  #select(label, options) {
    const on = { change: () => this.#startOver() };
    return /** @type {HTMLSelectElement} */ (h("select", { "aria-label": label, on },
      options.map(([value, name]) => h("option", { value }, name))));
  }

  #follow() {
    onChange(() => this.#reveal());
    uploads.on("uploaded", () => this.refresh());
    session.on("video", (video) => this.#updateOne(video));
    session.on("missing", () => this.refresh());
    session.on("deleted", () => this.#refreshSoon());
    connection.on("change", (lost) => !lost && this.refresh());
    document.addEventListener("visibilitychange", () => !document.hidden && this.refresh());
    new ResizeObserver(() => this.#drawOrRead()).observe(this.view);
  }

  #searchSoon() {
    window.clearTimeout(this.searchTimer);
    this.searchTimer = window.setTimeout(() => {
      this.query = this.search.value.trim();
      this.#startOver();
    }, SEARCH_PAUSE_MS);
  }

  /** Another search, filter or order: from the top. */
  #startOver() {
    this.chosen.clear();
    this.videos = [];
    this.offset = 0;
    this.view.scrollTop = 0;
    this.refresh();
  }

  #scrolled() {
    this.#draw();
    window.clearTimeout(this.scrollTimer);
    this.scrollTimer = window.setTimeout(() => this.#drawOrRead(), SCROLL_PAUSE_MS);
  }

  #refreshSoon() {
    window.clearTimeout(this.scrollTimer);
    this.scrollTimer = window.setTimeout(() => this.refresh(), SEARCH_PAUSE_MS);
  }

  get #wanted() {
    return rowsInView(this.view.scrollTop, this.view.clientHeight, this.total);
  }

  #drawOrRead() {
    const wanted = this.#wanted;
    if (holds(this.offset, this.videos.length, wanted)) this.#draw();
    else this.refresh();
  }

  /**
   * Read the rows in view again, in one request.
   * @param {{reveal?: boolean}} [options] reveal: the rows around the open video instead, and scroll to it
   */
  async refresh({ reveal = false } = {}) {
    window.clearTimeout(this.timer);
    // Only the newest of several overlapping requests may draw.
    const request = (this.latestRequest = Symbol("request"));
    const around = reveal ? currentId() : null;
    try {
      const answer = await placeVideos({ q: this.query, state: this.state.value, order: this.order.value, around,
        ...rowsToRead(this.#wanted, this.total) });
      if (this.latestRequest !== request) return;
      this.#take(answer, around);
    } catch (error) {
      if (this.latestRequest !== request) return;
      this.#refused(error);
    }
  }

  #take({ items, offset, total }, around) {
    this.videos = items;
    this.offset = offset;
    this.total = total;
    this.list.style.height = `${total * ROW_PX}px`;
    setText(this.count, total ? count(total, "video") : "");
    const filtered = Boolean(this.state.value);
    setText(this.note, total ? "" : this.query ? `No video is called like “${this.query}”.`
      : filtered ? "No video is in this state." : "No videos yet. The ones you upload stay here.");
    show(this.note, total === 0);
    show(this.view, total > 0);
    const place = around ? items.findIndex((video) => video.id === around) : -1;
    if (place >= 0) this.view.scrollTop = scrollTo(offset + place, this.view.scrollTop, this.view.clientHeight);
    this.#draw();
    this.#schedule(items.some((video) => !TERMINAL.has(video.state)) ? REFRESH_BUSY_MS : REFRESH_IDLE_MS);
    // Rows were read before the height of the list was known.
    if (!holds(this.offset, this.videos.length, this.#wanted)) this.#refreshSoon();
  }

  /** A key that may not read gets the same answer every time; other refusals may be of this moment. */
  #refused(error) {
    if (error.status >= 400 && error.status < 500) {
      setText(this.note, error.status === 403 ? "Your key may not list videos." : error.message);
      show(this.note, true);
      show(this.view, false);
    }
    if (error.status !== 403) this.#schedule(REFRESH_IDLE_MS);
  }

  #schedule(ms) {
    this.timer = window.setTimeout(() => !document.hidden && this.refresh(), ms);
  }

  /** The open video is known before the list is read again. */
  #updateOne(video) {
    const place = this.videos.findIndex((one) => one.id === video.id);
    if (place < 0) return;
    this.videos[place] = video;
    this.cards.get(video.id)?.update(video);
  }

  /** Another video was opened: mark it, and scroll to it where it is not in view. */
  #reveal() {
    for (const card of this.cards.values()) card.markCurrent();
    const id = currentId();
    const place = this.videos.findIndex((video) => video.id === id);
    if (!id || place < 0) {
      if (id) this.refresh({ reveal: true });
      return;
    }
    this.view.scrollTop = scrollTo(this.offset + place, this.view.scrollTop, this.view.clientHeight);
    this.#drawOrRead();
  }

  #draw() {
    const { first, count: rows } = this.#wanted;
    const kept = new Map();
    for (let index = first; index < first + rows; index += 1) {
      const video = this.videos[index - this.offset];
      if (!video) continue;
      const card = this.cards.get(video.id) ?? new Card(video, (...pick) => this.#pick(...pick));
      if (card.video !== video) card.update(video);
      card.place(index, this.total);
      card.choose(this.chosen.has(video.id));
      kept.set(video.id, card);
    }
    for (const [id, card] of this.cards) if (!kept.has(id)) card.element.remove();
    // The order of elements is the order of reading and of the Tab key.
    let next = this.list.firstElementChild;
    for (const { element } of kept.values()) {
      if (element === next) next = next.nextElementSibling;
      else this.list.insertBefore(element, next);
    }
    this.cards = kept;
  }

  /** With Shift all from the last one to this one, as far as they were read. */
  #pick(id, chosen, range) {
    const place = this.videos.findIndex((video) => video.id === id);
    const from = range ? this.videos.findIndex((video) => video.id === this.lastPicked) : -1;
    const [low, high] = from >= 0 ? [Math.min(from, place), Math.max(from, place)] : [place, place];
    this.lastPicked = id;
    this.chosen.set(this.videos.slice(low, high + 1), chosen);
  }

  #chosenChanged() {
    for (const [id, card] of this.cards) card.choose(this.chosen.has(id));
  }
}

/** @param {HTMLElement} element */
export function mountLibrary(element) {
  return new VideoList(element);
}
