/**
 * The menu of exports: for which level, whether of the chosen segments only, and in which format. It closes when a file
 * was taken; the page of the result opens beside this one.
 */
import { fill, h, setText, show } from "../toolkit/dom.js";
import { ApiError, exportUrl } from "../api/requests.js";
import { saveFile } from "../api/saving.js";
import { LEVEL_NAMES, LEVELS } from "../video/names.js";
import { session } from "../video/session.js";
import { MAX_RANGES_CHARS, rangesOf } from "../video/ranges.js";
import { words } from "../video/words.js";
import { editor } from "../editing/editor.js";
import { choice } from "../results/choice.js";
import { tuning } from "../results/tuning.js";
import { exporting } from "../browsing/exporting.js";

/**
 * Format code of the API, name, and what it is for, with the level that it has by itself. Those of NEED_PICTURE say how
 * a picture is cut, those of NEED_WORDS what is said, those of NO_LEVEL are not of one level, and those of WHOLE_ONLY are not of some segments.
 */
const EXPORTS = [
  ["html", "Page", "timeline and keyframes"],
  ["edl", "EDL", "shots for any editor"],
  ["otio", "OTIO", "shots for Resolve"],
  ["fcpxml", "FCPXML", "shots for Final Cut"],
  ["fcp7xml", "XML", "shots for Premiere"],
  ["resolve_markers", "Markers", "scenes for Resolve"],
  ["keyframes", "Keyframes", "cuts for Aegisub"],
  ["webvtt", "WebVTT", "chapters for players"],
  ["mkvchapters", "Matroska", "chapters for mkvmerge"],
  ["youtube", "YouTube", "chapters to paste"],
  ["ffmetadata", "FFmetadata", "for ffmpeg"],
  ["csv", "CSV", "a table of the segments"],
  ["json", "JSON", "everything"],
  ["srt", "SRT", "subtitles of what is said"],
  ["captions", "Captions", "the same as WebVTT"],
  ["text", "Text", "what is said"],
];

const NEED_PICTURE = new Set(["edl", "otio", "fcpxml", "fcp7xml", "resolve_markers", "keyframes"]);
const NEED_WORDS = new Set(["srt", "captions", "text"]);

const NO_LEVEL = new Set(["srt", "captions", "text"]);
const WHOLE_ONLY = new Set(["html", "youtube", ...NO_LEVEL]);

class ExportMenu {
  constructor() {
    this.level = h("select", { id: "export-level", on: { change: () => this.#draw() } },
      h("option", { value: "" }, "by the format"),
      LEVELS.map((level) => h("option", { value: level }, LEVEL_NAMES[level])));
    this.which = /** @type {HTMLSelectElement} */ (h("select", { id: "export-which",
      on: { change: () => this.#draw() } }));
    this.chosen = h("div", { class: "menu-level", hidden: true }, h("label", { for: "export-which" }, "Segments"),
      this.which);
    this.list = h("ul", {});
    this.problem = h("p", { class: "menu-problem", role: "alert", hidden: true });
    this.element = /** @type {HTMLDetailsElement} */ (h("details", { class: "menu" },
      h("summary", { class: "button" }, "Export"), h("div", { class: "menu-list" },
        h("div", { class: "menu-level" }, h("label", { for: "export-level" }, "Level"), this.level), this.chosen,
        this.problem, this.list)));
    document.addEventListener("click", (event) => {
      if (!this.element.contains(event.target) && !event.target.closest?.('[data-opens="exports"]')) this.close();
    });
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.element.open) return;
      this.close();
      this.element.querySelector("summary").focus();
    });
    session.on("opened", () => this.#draw());
    session.on("video", () => this.drawnFor !== this.#state && this.#draw());
    session.on("segments", () => this.only && this.#draw()); // the same segments may have other numbers
    words.on("words", () => this.#draw());
    for (const shown of [choice, editor, tuning]) shown.on("change", () => this.#offerChosen());
    exporting.on("chosen", () => this.#openForChosen());
    this.#offerChosen();
  }

  /** Offer to export the chosen segments only, where some are chosen in the stored result. */
  #offerChosen() {
    const { only } = this;
    const some = choice.any && choice.stored;
    fill(this.which, h("option", { value: "" }, "all"),
      some && h("option", { value: "only" }, `only the ${choice.frames.length} chosen`));
    this.which.value = some && only ? "only" : "";
    show(this.chosen, some);
    this.#draw();
  }

  /** Whether only the chosen segments are exported. */
  get only() {
    return this.which.value === "only";
  }

  #openForChosen() {
    this.which.value = "only";
    this.element.open = true;
    this.#draw();
    this.element.scrollIntoView({ block: "nearest" });
    this.which.focus();
  }

  close() {
    this.element.open = false;
    this.#say("");
  }

  /** What decides which formats there are. */
  get #state() {
    return [session.id, session.soundOnly, words.sentences.length > 0, this.level.value].join("|");
  }

  #draw() {
    this.drawnFor = this.#state;
    if (!session.id) return;
    this.level.disabled = this.only;
    fill(this.list, EXPORTS.map(([format, name, what]) => h("li", {}, this.#entry(format, name, what))));
  }

  #entry(format, name, what) {
    const missing = session.soundOnly && NEED_PICTURE.has(format) ? "needs a picture"
      : !words.sentences.length && NEED_WORDS.has(format) ? "needs words"
        : this.only ? whyNotOnly(format) : "";
    if (missing) return h("span", { class: "unavailable" }, h("strong", {}, name), h("span", {}, missing));
    const level = NO_LEVEL.has(format) ? "" : this.only ? choice.level : this.level.value;
    const segments = this.only ? rangesOf(choice.indices) : "";
    const shown = level ? what.replace(/^(shots|scenes|chapters|cuts)\b/, LEVEL_NAMES[level].toLowerCase()) : what;
    const opens = format === "html";
    const link = h("a", { href: exportUrl(session.id, format, level, segments, session.segmentsRevision),
      ...(opens ? { target: "_blank", rel: "noopener" } : { download: true }),
      on: { click: (event) => (opens ? this.close() : this.#save(event, link)) } },
    h("strong", {}, name), h("span", {}, shown));
    return link;
  }

  /** Save the file that a link names. The menu stays open where it is refused, and says why. */
  async #save(event, link) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // the browser's own ways to follow a link
    event.preventDefault();
    if (link.ariaBusy === "true") return;
    this.#say("");
    link.ariaBusy = "true";
    try {
      await saveFile(link.href);
      if (link.isConnected) this.close();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#say(error.message);
    } finally {
      link.ariaBusy = "false";
    }
  }

  #say(message) {
    setText(this.problem, message);
    show(this.problem, message !== "");
  }
}

/** Why a format cannot be had of the chosen segments only; empty where it can. */
function whyNotOnly(format) {
  if (WHOLE_ONLY.has(format)) return "whole video only";
  return rangesOf(choice.indices).length > MAX_RANGES_CHARS ? "too many single ones" : "";
}

/** @returns {{element: HTMLElement, close: () => void}} */
export function exportMenu() {
  return new ExportMenu();
}
