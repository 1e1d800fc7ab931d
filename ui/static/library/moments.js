/**
 * Moments of all videos that have the words in the search box, or mean the same, grouped by video. A click or Enter opens the video at
 * the moment, by the address; arrow keys go through the moments, Escape clears the search. Names of videos are not
 * searched here: the list below the moments is narrowed by them.
 */
import { fill, h, setText, show } from "../toolkit/dom.js";
import { filename, plainName } from "../toolkit/filenames.js";
import { clock, count } from "../toolkit/format.js";
import { go, hrefOf } from "../toolkit/router.js";
import { reachable, searchMoments } from "../api/requests.js";
import { SOURCE_NAMES } from "../video/names.js";

/** Debounce: the search is sent when nothing has been typed for so long. */
const PAUSE_MS = 250;

/** Letters from which on is searched: one letter of a Latin script says nothing, one of Chinese does. */
const worthAsking = (query) => query.length >= 2 || /[^\u0000-\u02ff]/.test(query);

export class MomentList {
  /** @param {HTMLInputElement} input the search box */
  constructor(input) {
    this.input = input;
    this.query = "";
    this.list = h("ul", { class: "found-list", "aria-label": "Moments" });
    this.note = h("p", { class: "quiet", role: "status" });
    this.again = h("button", { type: "button", class: "button", on: { click: () => this.#search() } }, "Try again");
    this.more = h("button", { type: "button", class: "button wide", on: { click: () => this.#showMore() } },
      "Show more moments");
    this.element = h("div", { class: "found", on: { keydown: (event) => this.#onKey(event) } },
      h("h3", { class: "panel-title" }, "Moments"), this.note, this.again, this.list, this.more);
    show(this.element, false);
    input.addEventListener("input", () => this.#searchSoon());
    input.addEventListener("keydown", (event) => this.#onKey(event));
  }

  #searchSoon() {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.#typed(), PAUSE_MS);
  }

  /** Of a query that is the same but for white space at its ends, the moments are shown already. */
  #typed() {
    const query = this.input.value.trim();
    if (query === this.query) return;
    this.query = query;
    this.#search();
  }

  async #search() {
    this.abort?.abort();
    this.abort = null;
    this.element.removeAttribute("aria-busy");
    this.found = [];
    if (!worthAsking(this.query)) {
      show(this.element, false);
      return;
    }
    await this.#read(null);
  }

  async #showMore() {
    const before = this.found.length;
    await this.#read(this.cursor);
    this.#hits()[before]?.focus();
  }

  /** Read a page and show it below those before it. Only the newest of several overlapping requests may draw. */
  async #read(cursor) {
    const abort = (this.abort = new AbortController());
    this.element.setAttribute("aria-busy", "true");
    try {
      const page = await searchMoments(this.query, { cursor, signal: abort.signal });
      if (this.abort !== abort) return;
      this.found.push(...page.items);
      this.cursor = page.next_cursor;
      this.#draw(this.found.length ? `${count(this.found.length, "moment")}${page.next_cursor ? " or more" : ""}`
        : `No moment has these words${page.ways.includes("meaning") ? ", or means the same" : ""}.`, { more: page.next_cursor !== null });
    } catch (error) {
      if (this.abort !== abort || error.name === "AbortError") return;
      this.#draw(error.message, { failed: error.transient });
    }
    this.element.removeAttribute("aria-busy");
  }

  #draw(note, { more = false, failed = false } = {}) {
    fill(this.list, [...grouped(this.found).values()].map(videoItem));
    setText(this.note, note);
    show(this.again, failed);
    show(this.more, more);
    show(this.element, true);
  }

  /** @returns {HTMLElement[]} the links of all moments, in the order in which they are shown */
  #hits() {
    return [...this.list.querySelectorAll(".hit")];
  }

  #onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const hits = this.element.hidden ? [] : this.#hits();
    const place = hits.indexOf(document.activeElement);
    if (event.key === "ArrowDown" && hits.length) hits[Math.min(place + 1, hits.length - 1)].focus();
    else if (event.key === "ArrowUp" && place >= 0) (hits[place - 1] ?? this.input).focus();
    else if (event.key === "Enter" && event.target === this.input) this.#entered(hits);
    else if (event.key === "Escape") this.#clear();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Open the first moment of what is in the box; moments of what was there before are not meant. */
  #entered(hits) {
    window.clearTimeout(this.timer);
    const shown = this.input.value.trim() === this.query && !this.element.hasAttribute("aria-busy");
    if (!shown) this.#typed();
    else hits[0]?.click();
  }

  #clear() {
    this.input.value = "";
    this.input.dispatchEvent(new Event("input", { bubbles: true }));
    this.input.focus();
    window.clearTimeout(this.timer);
    this.#typed();
  }
}

/** @returns {Map<string, any[]>} by video, in the order of each video's best moment */
function grouped(found) {
  const byVideo = new Map();
  for (const moment of found) {
    if (!byVideo.has(moment.video_id)) byVideo.set(moment.video_id, []);
    byVideo.get(moment.video_id).push(moment);
  }
  return byVideo;
}

function videoItem(moments) {
  const { filename: name } = moments[0];
  return h("li", { class: "found-video" }, h("h4", { class: "found-name" }, filename(name)),
    h("ul", { "aria-label": `Moments of ${plainName(name)}` }, moments.map((moment) => h("li", {}, hit(moment)))));
}

/** One moment: a link to it, so that it can be opened in another tab as well. */
function hit(moment) {
  const timeS = moment.start_s;
  return h("a", { class: "hit", href: hrefOf(moment.video_id, timeS), on: { click: (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(moment.video_id, { timeS });
  } } }, still(moment), h("span", { class: "hit-line" }, h("span", { class: "hit-time" }, clock(Math.floor(timeS), 0)),
    h("span", { class: "hit-source" }, (SOURCE_NAMES[moment.source] ?? moment.source)
      + (moment.ways.includes("words") ? "" : ", in other words"))),
  h("span", { class: "hit-text" }, marked(moment.snippet, moment.matches)));
}

function still(moment) {
  if (!moment.thumbnail) return h("span", { class: "hit-still" });
  const image = h("img", { class: "hit-still", src: reachable(moment.thumbnail), alt: "", loading: "lazy",
    decoding: "async" });
  image.addEventListener("error", () => image.removeAttribute("src"), { once: true });
  return image;
}

/** The text with its matches in <mark>. The API counts characters, a string of JavaScript UTF-16 units. */
function marked(text, matches) {
  const characters = Array.from(text);
  const parts = [];
  let place = 0;
  for (const [from, to] of matches) {
    parts.push(characters.slice(place, from).join(""), h("mark", {}, characters.slice(from, to).join("")));
    place = to;
  }
  return [...parts, characters.slice(place).join("")];
}
