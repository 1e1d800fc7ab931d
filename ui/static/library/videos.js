/**
 * The panel with the list of videos, newest first, with a search by name. It is read again at an interval, faster
 * while a video of it is being analysed. A click only changes the address; `session` opens the video.
 */
import { fill, h, icon, setText, show } from "../toolkit/dom.js";
import { ago, duration } from "../toolkit/format.js";
import { currentId, go, hrefOf, onChange } from "../toolkit/router.js";
import { connection } from "../api/connection.js";
import { listVideos } from "../api/requests.js";
import { STATE_NAMES, TERMINAL } from "../video/names.js";
import { session } from "../video/session.js";
import { uploads } from "./upload.js";

/** Interval of reading the list: while a video is being analysed, and otherwise. */
const REFRESH_BUSY_MS = 3000;
const REFRESH_IDLE_MS = 20000;

/** Debounce: the search is sent when nothing has been typed for so long. */
const SEARCH_PAUSE_MS = 250;

/** A badge with a state's colour and name. */
function stateBadge(state) {
  return h("span", { class: "badge", dataset: { state } }, STATE_NAMES[state] ?? state);
}

/** One row. It is updated in place, so that focus and hover stay where they are. */
class VideoRow {
  constructor(video) {
    this.id = video.id;
    this.name = h("span", { class: "library-name" });
    this.badge = stateBadge(video.state);
    this.facts = h("span", { class: "library-facts" });
    this.bar = h("progress", { max: "1", "aria-hidden": "true" });
    this.link = h("a", { class: "library-link", href: hrefOf(video.id), on: { click: (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      go(this.id);
    } } }, this.name, h("span", { class: "library-line" }, this.badge, this.facts), this.bar);
    this.element = h("li", {}, this.link);
    this.update(video);
  }

  update(video) {
    setText(this.name, video.filename);
    this.name.title = video.filename;
    if (this.badge.dataset.state !== video.state) {
      this.badge.dataset.state = video.state;
      setText(this.badge, STATE_NAMES[video.state] ?? video.state);
    }
    const facts = [];
    if (video.media?.duration_s) facts.push(duration(video.media.duration_s));
    facts.push(ago(video.created_at));
    setText(this.facts, facts.join(" · "));
    show(this.bar, !TERMINAL.has(video.state));
    const fraction = video.progress?.fraction ?? 0;
    if (fraction > 0) this.bar.value = fraction;
    else this.bar.removeAttribute("value");
    this.markCurrent();
  }

  markCurrent() {
    if (this.id === currentId()) this.link.setAttribute("aria-current", "page");
    else this.link.removeAttribute("aria-current");
  }
}

class VideoList {
  constructor(element) {
    /** @type {Map<string, VideoRow>} */
    this.rows = new Map();
    this.query = "";
    this.cursor = null;
    this.pages = 1;
    this.search = h("input", { type: "search", id: "library-search", placeholder: "Search by name",
      "aria-label": "Search videos by name", autocomplete: "off", on: { input: () => this.#searchSoon() } });
    this.list = h("ul", { class: "library-list", "aria-label": "Videos" });
    this.note = h("p", { class: "quiet", role: "status" });
    this.more = h("button", { type: "button", class: "button wide", on: { click: () => this.#showMore() } },
      "Show earlier videos");
    fill(element, h("section", { class: "panel library", "aria-label": "Videos" },
      h("h2", { class: "panel-title" }, "Videos"),
      h("div", { class: "search" }, icon("search"), this.search),
      this.list, this.note, this.more));
    show(this.more, false);
    onChange(() => this.#markCurrent());
    uploads.on("uploaded", () => this.refresh());
    session.on("video", (video) => this.rows.get(video.id)?.update(video));
    session.on("deleted", () => this.refresh());
    connection.on("change", (lost) => !lost && this.refresh());
    document.addEventListener("visibilitychange", () => !document.hidden && this.refresh());
    this.refresh();
  }

  #searchSoon() {
    window.clearTimeout(this.searchTimer);
    this.searchTimer = window.setTimeout(() => {
      this.query = this.search.value.trim();
      this.pages = 1;
      this.refresh();
    }, SEARCH_PAUSE_MS);
  }

  #showMore() {
    this.pages += 1;
    this.refresh();
  }

  async refresh() {
    window.clearTimeout(this.timer);
    // Only the newest of several overlapping requests may draw.
    const request = (this.latestRequest = Symbol("request"));
    const { query } = this;
    const videos = [];
    let cursor = null;
    try {
      for (let page = 0; page < this.pages; page += 1) {
        const answer = await listVideos({ q: query, cursor });
        videos.push(...answer.items);
        cursor = answer.next_cursor;
        if (!cursor) break;
      }
    } catch (error) {
      if (this.latestRequest === request) {
        if (error.status >= 400 && error.status < 500) {
          setText(this.note, error.message);
          show(this.note, true);
        }
        this.#schedule(REFRESH_IDLE_MS);
      }
      return;
    }
    if (this.latestRequest !== request) return;
    this.#draw(videos, cursor !== null);
    this.#schedule(videos.some((video) => !TERMINAL.has(video.state)) ? REFRESH_BUSY_MS : REFRESH_IDLE_MS);
  }

  #schedule(ms) {
    this.timer = window.setTimeout(() => !document.hidden && this.refresh(), ms);
  }

  #draw(videos, more) {
    const kept = new Map();
    let place = this.list.firstElementChild;
    for (const video of videos) {
      const row = this.rows.get(video.id) ?? new VideoRow(video);
      row.update(video);
      kept.set(video.id, row);
      if (row.element === place) place = place.nextElementSibling;
      else this.list.insertBefore(row.element, place);
    }
    for (const [id, row] of this.rows) if (!kept.has(id)) row.element.remove();
    this.rows = kept;
    show(this.more, more);
    setText(this.note, videos.length ? "" : this.query ? `No video is called like “${this.query}”.`
      : "No videos yet. The ones you upload stay here.");
    show(this.note, videos.length === 0);
  }

  #markCurrent() {
    for (const row of this.rows.values()) row.markCurrent();
  }
}

/** @param {HTMLElement} element */
export function mountLibrary(element) {
  return new VideoList(element);
}
