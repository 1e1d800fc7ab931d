/**
 * The menu of exports: for which level, and in which format. It closes when a file was taken; the page of the result
 * opens beside this one.
 */
import { fill, h } from "../toolkit/dom.js";
import { exportUrl } from "../api/requests.js";
import { LEVEL_NAMES, LEVELS } from "../video/names.js";
import { session } from "../video/session.js";
import { words } from "../video/words.js";

/**
 * Format code of the API, name, and what it is for, with the level that it has by itself. Those of NEED_PICTURE say how
 * a picture is cut, those of NEED_WORDS what is said, and those of NO_LEVEL are not of one level.
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

class ExportMenu {
  constructor() {
    this.level = h("select", { id: "export-level", on: { change: () => this.#draw() } },
      h("option", { value: "" }, "by the format"),
      LEVELS.map((level) => h("option", { value: level }, LEVEL_NAMES[level])));
    this.list = h("ul", {});
    this.element = /** @type {HTMLDetailsElement} */ (h("details", { class: "menu" },
      h("summary", { class: "button" }, "Export"), h("div", { class: "menu-list" },
        h("div", { class: "menu-level" }, h("label", { for: "export-level" }, "Level"), this.level), this.list)));
    document.addEventListener("click", (event) => !this.element.contains(event.target) && this.close());
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.element.open) return;
      this.close();
      this.element.querySelector("summary").focus();
    });
    session.on("opened", () => this.#draw());
    session.on("video", () => this.drawnFor !== this.#state && this.#draw());
    words.on("words", () => this.#draw());
  }

  close() {
    this.element.open = false;
  }

  /** What decides which formats there are. */
  get #state() {
    return `${session.id}|${session.soundOnly}|${words.sentences.length > 0}|${this.level.value}`;
  }

  #draw() {
    this.drawnFor = this.#state;
    if (!session.id) return;
    fill(this.list, EXPORTS.map(([format, name, what]) => h("li", {}, this.#entry(format, name, what))));
  }

  #entry(format, name, what) {
    const missing = session.soundOnly && NEED_PICTURE.has(format) ? "needs a picture"
      : !words.sentences.length && NEED_WORDS.has(format) ? "needs words" : "";
    if (missing) return h("span", { class: "unavailable" }, h("strong", {}, name), h("span", {}, missing));
    const level = NO_LEVEL.has(format) ? "" : this.level.value;
    const shown = level ? what.replace(/^(shots|scenes|chapters|cuts)\b/, LEVEL_NAMES[level].toLowerCase()) : what;
    const way = format === "html" ? { target: "_blank", rel: "noopener" } : { download: true };
    return h("a", { href: exportUrl(session.id, format, level), ...way, on: { click: () => this.close() } },
      h("strong", {}, name), h("span", {}, shown));
  }
}

/** @returns {{element: HTMLElement, close: () => void}} */
export function exportMenu() {
  return new ExportMenu();
}
