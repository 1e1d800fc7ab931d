/** The upload panel: choosing and dropping files, the queue of uploads, and what kind of video they are. */
import { fill, h, icon, iconButton, setText, show } from "../toolkit/dom.js";
import { Emitter } from "../toolkit/emitter.js";
import { bytes, percent, remaining } from "../toolkit/format.js";
import { currentId, go, hrefOf } from "../toolkit/router.js";
import { PRESET_NAMES } from "../video/names.js";
import { Aborted, TusUpload } from "./tus.js";

/** `uploaded` tells the library that there is a new video. */
export const uploads = new Emitter();

/** The pace is taken over the last few seconds, so that the time left follows the network. */
const PACE_WINDOW_MS = 8000;

/** Long enough to see the green tick. */
const DONE_SHOWN_MS = 6000;

class Item {
  constructor(file, preset, partBytes, onRemove) {
    this.file = file;
    this.samples = [];
    this.upload = new TusUpload(file, preset ? { preset } : {}, partBytes, {
      onProgress: (sent) => this.#progress(sent),
      onWaiting: (waiting) => this.#waiting(waiting),
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

  #progress(sent) {
    const now = performance.now();
    this.samples.push([now, sent]);
    while (this.samples.length > 2 && now - this.samples[0][0] > PACE_WINDOW_MS) this.samples.shift();
    const { size } = this.file;
    this.bar.value = size ? sent / size : 0;
    const [[since, from]] = this.samples;
    const pace = now > since ? ((sent - from) / (now - since)) * 1000 : 0;
    const parts = [`${percent(size ? sent / size : 0)} of ${bytes(size)}`];
    if (pace > 0) parts.push(`${bytes(pace)}/s`, remaining((size - sent) / pace));
    setText(this.note, sent >= size ? "Sent · the server is storing it" : parts.join(" · "));
  }

  #waiting(waiting) {
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
    /** @type {Item[]} */
    this.queue = [];
    this.busy = false;
    this.input = /** @type {HTMLInputElement} */ (h("input", {
      type: "file", multiple: true, accept: "video/*,.mkv,.mxf,.ts,.m2ts,.mts,.vob,.ogv,.flv,.mpg,.mpeg",
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
    this.#listenForDrops();
    window.addEventListener("beforeunload", (event) => this.queue.length > 0 && event.preventDefault());
  }

  #chosen() {
    this.#add([...this.input.files]);
    this.input.value = "";
  }

  /** The whole window takes drops: nobody should have to aim, or lose the page by missing. */
  #listenForDrops() {
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
      const item = new Item(file, this.preset.value, this.partBytes, (gone) => this.#remove(gone));
      item.startedFrom = startedFrom;
      this.queue.push(item);
      this.list.append(item.element);
    }
    this.#next();
  }

  #remove(item) {
    const running = item.state === "sending" || item.state === "stalled";
    this.queue = this.queue.filter((other) => other !== item);
    item.element.remove();
    if (running) item.upload.abort();
  }

  /** One file after the other: two at once would only halve each one's pace. */
  async #next() {
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
    this.#next();
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
    // The first of a batch is shown, unless the person went on to look at something else meanwhile.
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
