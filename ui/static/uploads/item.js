/** One file in the queue of uploads: its row, with progress, pause and stop. The protocol is in tus.js. */
import { fill, h, iconButton, setText, show } from "../toolkit/dom.js";
import { filename, plainName } from "../toolkit/filenames.js";
import { bytes, percent, remaining } from "../toolkit/format.js";
import { hrefOf } from "../toolkit/router.js";
import { TusUpload } from "./tus.js";

/** Throughput is the average over this time, so that the remaining time follows changes of the network. */
const THROUGHPUT_WINDOW_MS = 8000;

/**
 * States: "waiting" for its turn, "sending", "stalled" while the server does not answer, "paused" by the person,
 * "done", "failed".
 */
export class UploadItem {
  /**
   * @param {Taken} taken
   * @param {{onStop: Function, onPause: Function, onChange: Function}} does
   */
  constructor({ file, name, path }, preset, partBytes, does) {
    this.file = file;
    this.name = plainName(name);
    this.does = does;
    /** Whether it waits for the person's answer, not for its turn. */
    this.asked = false;
    this.sentBytes = 0;
    /** @type {[number, number][]} time in ms and bytes sent until then, over the last seconds */
    this.samples = [];
    this.uploadAs = (kind) => {
      this.upload = new TusUpload(file, { filename: name, ...(kind ? { preset: kind } : {}) }, partBytes, {
        onProgress: (sentBytes) => this.#showProgress(sentBytes),
        onWaiting: (waiting) => this.#showWaiting(waiting),
      });
    };
    this.uploadAs(preset);
    this.bar = h("progress", { max: "1", value: "0", "aria-label": `Upload of ${this.name}` });
    this.note = h("div", { class: "upload-note" });
    this.hold = iconButton("pause", `Pause the upload of ${this.name}`, () => does.onPause(this));
    this.stop = iconButton("close", `Stop the upload of ${this.name}`, () => does.onStop(this));
    this.element = h("li", { class: "upload-item" },
      h("div", { class: "upload-head" }, h("span", { class: "upload-name" }, filename(name)), this.hold,
        this.stop),
      path !== name && path.includes("/") && h("div", { class: "upload-path quiet" }, filename(path)),
      this.bar, this.note);
    this.wait();
  }

  get state() {
    return this.element.dataset.state;
  }

  set state(state) {
    this.element.dataset.state = state;
    const held = state === "paused";
    this.hold.setAttribute("aria-label", `${held ? "Go on with" : "Pause"} the upload of ${this.name}`);
    this.hold.title = held ? "Go on" : "Pause";
    show(this.hold, state !== "done" && state !== "failed");
    this.hold.classList.toggle("held", held);
    this.does.onChange();
  }

  /** Whether it is being sent. */
  get running() {
    return this.state === "sending" || this.state === "stalled";
  }

  /** Wait for its turn. */
  wait() {
    this.state = "waiting";
    const { size } = this.file;
    setText(this.note, `Waiting · ${this.sentBytes ? `${percent(this.sentBytes / size)} of ` : ""}${bytes(size)}`);
  }

  /** Wait for the person to say which kind of video it is. */
  ask() {
    this.asked = true;
    setText(this.note, `Waiting for your answer · ${bytes(this.file.size)}`);
  }

  /** @param {string} preset empty: it stays as it was chosen */
  answered(preset) {
    this.asked = false;
    if (preset) this.uploadAs(preset);
    if (this.state === "waiting") this.wait();
  }

  begin() {
    this.samples = [];
    this.state = "sending";
  }

  paused() {
    this.state = "paused";
    setText(this.note, `Paused · ${percent(this.sentBytes / this.file.size)} of ${bytes(this.file.size)}`);
  }

  succeeded(id, onOpen) {
    this.bar.value = 1;
    this.sentBytes = this.file.size;
    this.state = "done";
    this.stop.remove();
    fill(this.note, "Uploaded · ", h("a", { href: hrefOf(id), on: { click: onOpen } }, "show it"));
  }

  failed(message) {
    this.state = "failed";
    show(this.bar, false);
    fill(this.note, message);
    this.note.setAttribute("role", "alert");
    this.stop.setAttribute("aria-label", `Dismiss ${this.name}`);
    this.stop.title = "Dismiss";
  }

  /** Bytes a second over the last seconds; 0 where that is not known. */
  get bytesPerS() {
    if (!this.running || this.samples.length < 2) return 0;
    const [sinceMs, fromBytes] = this.samples[0];
    const [lastMs, toBytes] = this.samples[this.samples.length - 1];
    return lastMs > sinceMs ? Math.max(0, ((toBytes - fromBytes) / (lastMs - sinceMs)) * 1000) : 0;
  }

  #showProgress(sentBytes) {
    const nowMs = performance.now();
    this.sentBytes = sentBytes;
    this.samples.push([nowMs, sentBytes]);
    while (this.samples.length > 2 && nowMs - this.samples[0][0] > THROUGHPUT_WINDOW_MS) this.samples.shift();
    const { size } = this.file;
    this.bar.value = size ? sentBytes / size : 0;
    const parts = [`${percent(size ? sentBytes / size : 0)} of ${bytes(size)}`];
    const { bytesPerS } = this;
    if (bytesPerS > 0) parts.push(`${bytes(bytesPerS)}/s`, remaining((size - sentBytes) / bytesPerS));
    setText(this.note, sentBytes >= size ? "Sent · the server is storing it" : parts.join(" · "));
    this.does.onChange();
  }

  #showWaiting(waiting) {
    if (waiting === (this.state === "stalled") || !this.running) return;
    this.state = waiting ? "stalled" : "sending";
    if (waiting) {
      this.samples = [];
      setText(this.note, "The connection is lost. The upload goes on as soon as the server answers.");
    }
  }
}
