/**
 * The upload panel: files and folders are chosen or dropped, queued, and uploaded one after the other with the chosen
 * preset; videos at addresses are fetched by the server (imports.js). Of several it shows the total. Where a file looks
 * like one of the presets and none was chosen, that one is offered (suggestion.js). What is known to be no video is
 * refused before it is sent (refusing.js); what an earlier visit left unfinished goes on when the same file is chosen
 * again (left-behind.js).
 */
import { fill, h, icon, setText, show } from "../toolkit/dom.js";
import { Emitter } from "../toolkit/emitter.js";
import { bytes, count, percent, remaining } from "../toolkit/format.js";
import { currentId, currentView, go, wouldAsk } from "../toolkit/router.js";
import { acceptDrops } from "./drops.js";
import { guessesOf } from "./facts.js";
import { chosenFiles, takenOf } from "./found.js";
import { Imports } from "./imports.js";
import { UploadItem } from "./item.js";
import { LeftBehind } from "./left-behind.js";
import { PresetChoice } from "./preset-choice.js";
import { refusalOf } from "./refusing.js";
import { Suggestion } from "./suggestion.js";
import { Aborted, Paused } from "./tus.js";
import { isUnfinished } from "./unfinished.js";

/** Emits `uploaded` with the id of a new video, of several that were made at once with that of the first. */
export const uploads = new Emitter();

/** How long a finished upload stays in the list. */
const DONE_SHOWN_MS = 6000;

/** Kinds of files that the dialog shows: types, and names for which browsers know no type. */
const ACCEPTED = "video/*,audio/*,.mkv,.mxf,.ts,.m2ts,.mts,.vob,.ogv,.flv,.mpg,.mpeg";

/** A field that gives files, by a dialog of the browser's. */
function input(props, onFiles) {
  const element = /** @type {HTMLInputElement} */ (h("input", { type: "file", multiple: true, class: "visually-hidden",
    ...props, on: { change: () => {
      const found = chosenFiles(element);
      element.value = ""; // the same files can be chosen again
      onFiles(found);
    } } }));
  return element;
}

class UploadPanel {
  constructor(element, { partBytes, presets }) {
    this.partBytes = partBytes;
    /** @type {UploadItem[]} those that are not finished, in their order */
    this.queue = [];
    /** @type {Suggestion[]} those that wait for an answer */
    this.suggestions = [];
    /** Bytes and number of those that were finished since the queue was empty. */
    this.finished = { bytes: 0, count: 0 };
    this.input = input({ id: "upload-files", accept: ACCEPTED }, (found) => this.#add(found));
    this.folder = input({ id: "upload-folder", webkitdirectory: true }, (found) => this.#add(found));
    this.kind = new PresetChoice(presets);
    this.zone = h("label", { class: "drop-zone", for: "upload-files" }, icon("upload"),
      h("span", {}, h("strong", {}, "Choose videos"), " or drop them here"));
    this.imports = new Imports({ preset: () => this.kind.value, onAdded: (item) => this.list.append(item.element),
      onMade: (id, startedFrom) => this.#made(id, startedFrom), onDone: (item) => this.#leave(item),
      onOpen: (event, id) => this.#open(event, id) });
    this.left = new LeftBehind();
    this.guesses = h("div", { class: "upload-guesses", role: "status" });
    this.totalBar = h("progress", { max: "1", value: "0", "aria-label": "All uploads" });
    this.totalNote = h("span", { class: "upload-total-note" });
    this.total = h("div", { class: "upload-total", hidden: true },
      h("div", { class: "upload-head" }, this.totalNote,
        h("button", { type: "button", class: "button", on: { click: () => this.#stopAll() } }, "Stop all")),
      this.totalBar);
    this.list = h("ul", { class: "upload-list", "aria-label": "Uploads" });
    this.skipped = h("p", { class: "upload-skipped", role: "status", hidden: true });
    this.announce = h("div", { class: "visually-hidden", role: "status" });
    fill(element, h("section", { class: "panel upload", "aria-label": "Upload" }, this.input, this.zone,
      this.skipped, this.guesses, h("div", { class: "upload-more" }, this.folder,
        h("label", { class: "button", for: "upload-folder" }, "Choose folder"), this.imports.element),
      this.kind.element, this.left.element, this.total, this.list, this.announce));
    acceptDrops((found, unread) => this.#add(found, unread));
    window.addEventListener("beforeunload", (event) => this.queue.length > 0 && event.preventDefault());
  }

  #say(message) {
    setText(this.skipped, message);
    show(this.skipped, message !== "");
  }

  /** @param {Found[]} found */
  async #add(found, unread = 0) {
    const startedFrom = currentId();
    const { taken, skipped } = takenOf(found);
    this.#say([
      skipped && `${count(skipped, "file")} ${skipped === 1 ? "is no video and is" : "are no videos and are"} left out.`,
      unread && `${unread.toLocaleString("en")} of the files and folders could not be read. Choose the files instead.`,
      !found.length && !unread && "There is no file in it.",
    ].filter(Boolean).join(" "));
    const preset = this.kind.value;
    const does = { onStop: (item) => this.#remove(item), onPause: (item) => this.#hold(item),
      onChange: () => this.#drawTotal() };
    const items = taken.map((one) => new UploadItem(one, preset, this.partBytes, does));
    this.list.append(...items.map((item) => item.element));
    const refusals = await Promise.all(taken.map(({ file }) => refusalOf(file)));
    items.forEach((item, place) => {
      item.startedFrom = startedFrom;
      if (refusals[place]) item.failed(refusals[place]);
    });
    const good = items.filter((item) => item.state !== "failed" && item.element.isConnected);
    this.queue.push(...good);
    this.#drawTotal();
    try {
      if (!preset) await this.#ask(good);
    } finally {
      this.#uploadNext();
    }
  }

  /** Offer presets for those that look like one: a question a preset. What goes on where it was left is not asked. */
  async #ask(items) {
    for (const item of items) item.asked = true; // none is begun before it is known whether it is asked about
    let groups;
    try {
      groups = await guessesOf(items.filter(({ file }) => !isUnfinished(file, "")));
    } finally {
      for (const item of items) item.asked = false;
    }
    for (const { guess, items: alike } of groups) {
      const still = alike.filter((item) => item.element.isConnected);
      if (!still.length) continue;
      for (const item of still) item.ask();
      const suggestion = new Suggestion(still, guess, (answered, preset, hadFocus) => {
        for (const item of answered) item.answered(preset);
        if (hadFocus) answered[0].stop.focus(); // the button that was pressed is gone
        this.#uploadNext();
      });
      this.suggestions = [...this.suggestions.filter((one) => one.items.length), suggestion];
      this.guesses.append(suggestion.element);
    }
  }

  #remove(item) {
    for (const suggestion of this.suggestions) suggestion.forget(item);
    const running = this.current === item;
    this.queue = this.queue.filter((other) => other !== item);
    item.element.remove();
    if (item.state !== "failed") item.upload.abort();
    this.#drawTotal();
    if (!running) this.#uploadNext();
  }

  #stopAll() {
    const stopped = this.queue.slice();
    this.queue = [];
    for (const item of stopped) {
      for (const suggestion of this.suggestions) suggestion.forget(item);
      item.element.remove();
      item.upload.abort();
    }
    setText(this.announce, "All uploads are stopped.");
    this.#drawTotal();
  }

  /** Pause it, or go on: it then waits for its turn again. */
  #hold(item) {
    if (item.state === "paused") {
      item.wait();
      this.#uploadNext();
    } else if (item.running) {
      item.upload.pause();
    } else {
      item.paused();
    }
  }

  /** Upload the first that waits, then the next: two at once would only share the same bandwidth. */
  async #uploadNext() {
    if (this.current) return;
    const item = this.queue.find((one) => one.state === "waiting" && !one.asked);
    if (!item) return;
    this.current = item;
    item.begin();
    const upload = item.upload.start();
    this.left.refresh();
    try {
      const id = await upload;
      this.#succeeded(item, id);
    } catch (error) {
      if (error instanceof Paused) item.paused();
      else if (!(error instanceof Aborted)) item.failed(error.message);
    }
    if (item.state !== "paused") this.queue = this.queue.filter((other) => other !== item);
    this.current = null;
    this.#drawTotal();
    this.#uploadNext();
  }

  #succeeded(item, id) {
    item.succeeded(id, (event) => this.#open(event, id));
    this.finished.bytes += item.file.size;
    this.finished.count += 1;
    setText(this.announce, `${item.name} is uploaded.`);
    this.#leave(item);
    this.#made(id, item.startedFrom);
  }

  /** A finished row stays for a moment. */
  #leave(item) {
    window.setTimeout(() => item.element.remove(), DONE_SHOWN_MS);
  }

  /**
   * The first video of a batch is opened, unless the person has opened another page in the meantime, or corrects this
   * one: each upload that ends would put another question on the page.
   */
  #made(id, startedFrom) {
    uploads.emit("uploaded", id);
    if (currentId() === startedFrom && currentView() === null && !wouldAsk()) go(id);
  }

  /** All files of the queue together; of one alone its own row says it. */
  #drawTotal() {
    const { queue, finished } = this;
    if (!queue.length) this.finished = { bytes: 0, count: 0 };
    show(this.total, queue.length + finished.count > 1 && queue.length > 0);
    if (this.total.hidden) return;
    const sizeBytes = finished.bytes + queue.reduce((sum, { file }) => sum + file.size, 0);
    const sentBytes = finished.bytes + queue.reduce((sum, item) => sum + item.sentBytes, 0);
    const bytesPerS = this.current?.bytesPerS ?? 0;
    this.totalBar.value = sizeBytes ? sentBytes / sizeBytes : 0;
    setText(this.totalNote, [`${finished.count} of ${finished.count + queue.length}`,
      `${percent(sizeBytes ? sentBytes / sizeBytes : 0)} of ${bytes(sizeBytes)}`,
      bytesPerS > 0 && remaining((sizeBytes - sentBytes) / bytesPerS)].filter(Boolean).join(" · "));
  }

  #open(event, id) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(id);
  }
}

/** @param {HTMLElement} element */
export function mountUpload(element, config) {
  return new UploadPanel(element, config);
}
