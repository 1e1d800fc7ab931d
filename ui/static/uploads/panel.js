/**
 * The upload panel: files are chosen or dropped, queued, and uploaded one after the other with the chosen preset. Of
 * several it shows the total. What is known to be no video is refused before it is sent (refusing.js); what an earlier
 * visit left unfinished goes on when the same file is chosen again (left-behind.js).
 */
import { fill, h, icon, setText, show } from "../toolkit/dom.js";
import { Emitter } from "../toolkit/emitter.js";
import { bytes, percent, remaining } from "../toolkit/format.js";
import { currentId, currentView, go, wouldAsk } from "../toolkit/router.js";
import { PRESET_NAMES } from "../video/names.js";
import { ownPresets } from "../video/own-presets.js";
import { LeftBehind } from "./left-behind.js";
import { refusalOf } from "./refusing.js";
import { Aborted, Paused } from "./tus.js";
import { UploadItem } from "./item.js";

/** Emits `uploaded` with the id of a new video. */
export const uploads = new Emitter();

/** How long a finished upload stays in the list. */
const DONE_SHOWN_MS = 6000;

class UploadPanel {
  constructor(element, { partBytes, presets }) {
    this.partBytes = partBytes;
    /** @type {UploadItem[]} those that are not finished, in their order */
    this.queue = [];
    /** Bytes and number of those that were finished since the queue was empty. */
    this.finished = { bytes: 0, count: 0 };
    this.input = /** @type {HTMLInputElement} */ (h("input", {
      type: "file", multiple: true, accept: "video/*,audio/*,.mkv,.mxf,.ts,.m2ts,.mts,.vob,.ogv,.flv,.mpg,.mpeg",
      class: "visually-hidden", id: "upload-files", on: { change: () => this.#chosen() },
    }));
    this.preset = h("select", { id: "upload-preset" }, h("option", { value: "" }, "Any video"),
      presets.map((name) => h("option", { value: name }, PRESET_NAMES[name] ?? name)));
    ownPresets.on("change", () => this.#offerOwn());
    ownPresets.load();
    this.zone = h("label", { class: "drop-zone", for: "upload-files" }, icon("upload"),
      h("span", {}, h("strong", {}, "Choose videos"), " or drop them here"));
    this.left = new LeftBehind();
    this.totalBar = h("progress", { max: "1", value: "0", "aria-label": "All uploads" });
    this.totalNote = h("span", { class: "upload-total-note" });
    this.total = h("div", { class: "upload-total", hidden: true },
      h("div", { class: "upload-head" }, this.totalNote,
        h("button", { type: "button", class: "button", on: { click: () => this.#stopAll() } }, "Stop all")),
      this.totalBar);
    this.list = h("ul", { class: "upload-list", "aria-label": "Uploads" });
    this.announce = h("div", { class: "visually-hidden", role: "status" });
    fill(element, h("section", { class: "panel upload", "aria-label": "Upload" }, this.input, this.zone,
      h("div", { class: "field" }, h("label", { for: "upload-preset" }, "Kind of video"), this.preset),
      this.left.element, this.total, this.list, this.announce));
    this.#acceptDrops();
    window.addEventListener("beforeunload", (event) => this.queue.length > 0 && event.preventDefault());
  }

  /** One's own presets below the packaged ones. */
  #offerOwn() {
    const chosen = this.preset.value;
    this.preset.querySelector("optgroup")?.remove();
    if (ownPresets.names.length) {
      this.preset.append(h("optgroup", { label: "Your presets" },
        ownPresets.names.map((name) => h("option", { value: name }, name))));
    }
    this.preset.value = [...this.preset.options].some((option) => option.value === chosen) ? chosen : "";
  }

  #chosen() {
    const files = [...this.input.files];
    this.input.value = "";
    this.#add(files);
  }

  /** The whole window accepts drops: outside of a drop target the browser would open the file and leave the page. */
  #acceptDrops() {
    const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    window.addEventListener("dragover", (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      document.body.classList.add("dropping");
    });
    window.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) document.body.classList.remove("dropping");
    });
    window.addEventListener("drop", (event) => {
      document.body.classList.remove("dropping");
      if (!holdsFiles(event)) return;
      event.preventDefault();
      this.#add([...event.dataTransfer.files]);
    });
  }

  async #add(files) {
    const startedFrom = currentId();
    const does = { onStop: (item) => this.#remove(item), onPause: (item) => this.#hold(item),
      onChange: () => this.#drawTotal() };
    const items = files.map((file) => new UploadItem(file, this.preset.value, this.partBytes, does));
    this.list.append(...items.map((item) => item.element));
    const refusals = await Promise.all(files.map(refusalOf));
    items.forEach((item, place) => {
      item.startedFrom = startedFrom;
      if (refusals[place]) item.failed(refusals[place]);
      else if (item.element.isConnected) this.queue.push(item);
    });
    this.#drawTotal();
    this.#uploadNext();
  }

  #remove(item) {
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
    const item = this.queue.find((one) => one.state === "waiting");
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
    window.setTimeout(() => item.element.remove(), DONE_SHOWN_MS);
    uploads.emit("uploaded", id);
    // The first video of a batch is opened, unless the person has opened another page in the meantime, or corrects
    // this one: each upload that ends would put another question on the page.
    if (currentId() === item.startedFrom && currentView() === null && !wouldAsk()) go(id);
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
