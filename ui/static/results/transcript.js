/**
 * The transcript beside the player: sentences that follow the playhead, whose words seek when they are clicked. Its
 * text can be selected. Sentences out of view cost nothing to draw (`content-visibility` in styles/words.css).
 */
import { fill, h } from "../toolkit/dom.js";
import { clock, percent } from "../toolkit/format.js";
import { ApiError, retryTranscript } from "../api/requests.js";
import { session } from "../video/session.js";
import { words } from "../video/words.js";
import { transport } from "../player/transport.js";

/** After a person scrolled, the text does not follow the playhead for so long. */
const FOLLOW_PAUSE_MS = 4000;

export class TranscriptPane {
  constructor() {
    this.element = h("div", { class: "transcript", id: "transcript", role: "tabpanel", tabindex: "-1",
      "aria-labelledby": "tab-words", hidden: true, on: { click: (event) => this.#clicked(event) } });
    for (const type of ["wheel", "touchmove", "pointerdown"]) {
      this.element.addEventListener(type, () => { this.touchedAtMs = Date.now(); }, { passive: true });
    }
    this.active = -1;
    words.on("words", () => this.#draw());
    transport.on("time", () => this.#markActive());
  }

  /** Write the text, and bring it to the playhead, after the pane was hidden. */
  shown() {
    this.touchedAtMs = 0;
    this.#draw();
  }

  /** A hidden pane has no elements: the text of a long film has many. */
  #draw() {
    const { items } = words;
    this.active = -1;
    if (this.element.hidden) {
      fill(this.element);
      return;
    }
    fill(this.element, items.length ? items.map((item) => (item.lines ? shown(item) : paragraph(item)))
      : explanation());
    this.#markActive();
  }

  /** A click on a word seeks; one that ends a selection does not. */
  #clicked(event) {
    const { start } = event.target.closest("[data-start]")?.dataset ?? {};
    if (start !== undefined && window.getSelection().isCollapsed) transport.seek(Number(start));
  }

  #markActive() {
    if (this.element.hidden) return;
    const { time } = transport;
    const active = words.items.findLastIndex((item) => item.start_s <= time);
    if (active === this.active) return;
    const rows = this.element.children;
    rows[this.active]?.removeAttribute("aria-current");
    this.active = active;
    const row = rows[active];
    row?.setAttribute("aria-current", "true");
    if (!row || Date.now() - (this.touchedAtMs ?? 0) < FOLLOW_PAUSE_MS) return;
    const { scrollTop, clientHeight } = this.element;
    const top = row.offsetTop - this.element.offsetTop;
    if (top < scrollTop || top + row.offsetHeight > scrollTop + clientHeight) {
      this.element.scrollTop = Math.max(0, top - clientHeight / 3);
    }
  }
}

/** A sentence: the time, then its words with what stands between them. */
function paragraph(sentence) {
  const parts = [];
  let at = 0;
  for (const word of sentence.words) {
    const found = sentence.text.indexOf(word.text, at);
    if (found > at) parts.push(sentence.text.slice(at, found));
    parts.push(h("span", { class: "word", dataset: { start: word.start_s } }, word.text));
    at = (found < 0 ? at : found) + word.text.length;
  }
  return h("p", { class: "sentence", lang: sentence.language }, h("button", { type: "button", class: "sentence-time",
    dataset: { start: sentence.start_s } }, clock(sentence.start_s)), " ", parts);
}

/** Text in the picture: the time, then its lines. */
function shown(item) {
  return h("p", { class: "sentence shown-text", dir: "auto" }, h("button", { type: "button", class: "sentence-time",
    dataset: { start: item.start_s } }, clock(item.start_s)), " ",
    h("span", { class: "visually-hidden" }, "On screen: "), item.lines.join(" · "));
}

/** What is shown in place of sentences. */
function explanation() {
  const { state = "none", fraction = 0, error } = words.status ?? {};
  if (state === "running") return note(`What is said and shown is being written down: ${percent(fraction)}`);
  if (state === "queued") return note("Waiting: what is said and shown is written down when there is room beside other videos.");
  if (state === "done") return note("Nobody speaks here, and no text is shown, or not so that it was understood.");
  if (state === "none") return null;
  const told = state === "failed" ? error?.message ?? "It could not be written down." : "Stopped before it was done.";
  return [note(told), h("button", { type: "button", class: "button", on: { click: retry } }, "Try again")];
}

const note = (text) => h("p", { class: "quiet", role: "status" }, text);

async function retry(event) {
  const { id } = session;
  event.currentTarget.disabled = true;
  try {
    const status = await retryTranscript(id);
    if (session.id === id) words.update(status);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // The most probable reason is that its state has changed in the meantime: read it again.
    if (session.id === id) words.refresh();
  }
}
