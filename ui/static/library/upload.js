/**
 * The upload panel: files are chosen or dropped, queued, and uploaded one after the other with the chosen preset. It
 * shows the progress; the protocol is in tus.js.
 */
import { fill, h, icon, iconButton, setText, show } from "../toolkit/dom.js";
import { Emitter } from "../toolkit/emitter.js";
import { bytes, percent, remaining } from "../toolkit/format.js";
import { currentId, go, hrefOf } from "../toolkit/router.js";
import { PRESET_NAMES } from "../video/names.js";
import { Aborted, TusUpload } from "./tus.js";

/** Emits `uploaded` with the id of a new video. */
export const uploads = new Emitter();

/** Throughput is the average over this time, so that the remaining time follows changes of the network. */
const THROUGHPUT_WINDOW_MS = 8000;

/** How long a finished upload stays in the list. */
const DONE_SHOWN_MS = 6000;

/** One file in the queue and its row. */
class UploadItem {
  constructor(file, preset, partBytes, onRemove) {
    this.file = file;
    /** @type {[number, number][]} time in ms and bytes sent until then, over the last seconds */
    this.samples = [];
    this.upload = new TusUpload(file, preset ? { preset } : {}, partBytes, {
      onProgress: (sentBytes) => this.#showProgress(sentBytes),
      onWaiting: (waiting) => this.#showWaiting(waiting),
    });
    this.bar = h("progress", { max: "1", value: "0", "aria-label": `Upload of ${file.name}` });
    this.note = h("div", { class: "upload-note" }, `Waiting · ${bytes(file.size)}`);
    this.stop = iconButton("close", `Stop the upload of ${file.name}`, () => onRemove(this));
    this.element = h("li", { class: "upload-item", dataset: { state: "waiting" } },
      h("div", { class: "upload-head" }, h("span", { class: "upload-name", title: file.name }, file.name),
        this.stop),
      this.bar, this.note);
  }

  set state(state) {
    this.element.dataset.state = state;
  }

  get state() {
    return this.element.dataset.state;
  }

  #showProgress(sentBytes) {
    const nowMs = performance.now();
    this.samples.push([nowMs, sentBytes]);
    while (this.samples.length > 2 && nowMs - this.samples[0][0] > THROUGHPUT_WINDOW_MS) this.samples.shift();
    const { size } = this.file;
    this.bar.value = size ? sentBytes / size : 0;
    const [[sinceMs, fromBytes]] = this.samples;
    const bytesPerS = nowMs > sinceMs ? ((sentBytes - fromBytes) / (nowMs - sinceMs)) * 1000 : 0;
    const parts = [`${percent(size ? sentBytes / size : 0)} of ${bytes(size)}`];
    if (bytesPerS > 0) parts.push(`${bytes(bytesPerS)}/s`, remaining((size - sentBytes) / bytesPerS));
    setText(this.note, sentBytes >= size ? "Sent · the server is storing it" : parts.join(" · "));
  }

  #showWaiting(waiting) {
    if (waiting === (this.state === "stalled")) return;
    this.state = waiting ? "stalled" : "sending";
    if (waiting) {
      this.samples = [];
      setText(this.note, "The connection is lost. The upload goes on as soon as the server answers.");
    }
  }
}

class UploadPanel {
  constructor(element, { partBytes, presets }) {
    this.partBytes = partBytes;
    /** @type {UploadItem[]} the first one is being uploaded while `busy` */
    this.queue = [];
    this.busy = false;
    this.input = /** @type {HTMLInputElement} */ (h("input", {
      type: "file", multiple: true, accept: "video/*,audio/*,.mkv,.mxf,.ts,.m2ts,.mts,.vob,.ogv,.flv,.mpg,.mpeg",
      class: "visually-hidden", id: "upload-files", on: { change: () => this.#chosen() },
    }));
    this.preset = h("select", { id: "upload-preset" }, h("option", { value: "" }, "Any video"),
      presets.map((name) => h("option", { value: name }, PRESET_NAMES[name] ?? name)));
    this.zone = h("label", { class: "drop-zone", for: "upload-files" }, icon("upload"),
      h("span", {}, h("strong", {}, "Choose videos"), " or drop them here"));
    this.list = h("ul", { class: "upload-list", "aria-label": "Uploads" });
    this.announce = h("div", { class: "visually-hidden", role: "status" });
    fill(element, h("section", { class: "panel upload", "aria-label": "Upload" }, this.input, this.zone,
      h("div", { class: "field" }, h("label", { for: "upload-preset" }, "Kind of video"), this.preset),
      this.list, this.announce));
    this.#acceptDrops();
    window.addEventListener("beforeunload", (event) => this.queue.length > 0 && event.preventDefault());
  }

  #chosen() {
    this.#add([...this.input.files]);
    this.input.value = "";
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

  #add(files) {
    const startedFrom = currentId();
    for (const file of files) {
      const item = new UploadItem(file, this.preset.value, this.partBytes, (gone) => this.#remove(gone));
      item.startedFrom = startedFrom;
      this.queue.push(item);
      this.list.append(item.element);
    }
    this.#uploadNext();
  }

  #remove(item) {
    const running = item.state === "sending" || item.state === "stalled";
    this.queue = this.queue.filter((other) => other !== item);
    item.element.remove();
    if (running) item.upload.abort();
  }

  /** Upload the first of the queue, then the next: two at once would only share the same bandwidth. */
  async #uploadNext() {
    if (this.busy) return;
    const item = this.queue[0];
    if (!item) return;
    this.busy = true;
    item.state = "sending";
    try {
      const id = await item.upload.start();
      this.#succeeded(item, id);
    } catch (error) {
      if (!(error instanceof Aborted)) this.#failed(item, error);
    }
    this.queue = this.queue.filter((other) => other !== item);
    this.busy = false;
    this.#uploadNext();
  }

  #succeeded(item, id) {
    item.state = "done";
    item.bar.value = 1;
    item.stop.remove();
    fill(item.note, "Uploaded · ", h("a", { href: hrefOf(id), on: { click: (event) => this.#open(event, id) } },
      "show it"));
    setText(this.announce, `${item.file.name} is uploaded.`);
    window.setTimeout(() => item.element.remove(), DONE_SHOWN_MS);
    uploads.emit("uploaded", id);
    // The first video of a batch is opened, unless the person has opened another page in the meantime.
    if (currentId() === item.startedFrom) go(id);
  }

  #open(event, id) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(id);
  }

  #failed(item, error) {
    item.state = "failed";
    show(item.bar, false);
    fill(item.note, error.message);
    item.note.setAttribute("role", "alert");
    item.stop.setAttribute("aria-label", `Dismiss ${item.file.name}`);
    item.stop.title = "Dismiss";
  }
}

/** @param {HTMLElement} element */
export function mountUpload(element, config) {
  return new UploadPanel(element, config);
}
