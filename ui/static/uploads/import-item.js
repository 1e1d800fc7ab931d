/** One address in the list of uploads: its row, with how much of the file the server has fetched. */
import { fill, h, iconButton, setText, show } from "../toolkit/dom.js";
import { filename, plainName } from "../toolkit/filenames.js";
import { bytes, percent } from "../toolkit/format.js";
import { hrefOf } from "../toolkit/router.js";

/** States: "waiting" for its turn at the server, "sending" while the server fetches, "done", "failed". */
export class ImportItem {
  /**
   * @param {string} name of the file, or the line that is no address
   * @param {(item: ImportItem) => void} onDismiss
   */
  constructor(name, onDismiss) {
    this.name = plainName(name);
    /** Id of the video, once there is one. */
    this.id = "";
    this.bar = h("progress", { max: "1", "aria-label": `Fetching ${this.name}` });
    this.note = h("div", { class: "upload-note" });
    this.element = h("li", { class: "upload-item" },
      h("div", { class: "upload-head" }, h("span", { class: "upload-name" }, filename(name)),
        iconButton("close", `Dismiss ${this.name}`, () => onDismiss(this))),
      this.bar, this.note);
    this.state = "waiting";
  }

  get state() {
    return this.element.dataset.state;
  }

  set state(state) {
    this.element.dataset.state = state;
  }

  /** Whether the server still has to fetch. */
  get open() {
    return this.id !== "" && (this.state === "waiting" || this.state === "sending");
  }

  /** Show what the API tells of its video. */
  show(video, onOpen) {
    this.id = video.id;
    const { fetch } = video.progress;
    if (video.error || video.state === "cancelled") {
      this.failed(video.error?.message ?? "It was cancelled.");
    } else if (fetch) {
      this.state = fetch.bytes ? "sending" : "waiting";
      if (fetch.bytes && fetch.bytes_total) this.bar.value = fetch.bytes / fetch.bytes_total;
      else this.bar.removeAttribute("value");
      setText(this.note, !fetch.bytes ? "Waiting for its turn to be fetched"
        : fetch.bytes_total ? `${percent(fetch.bytes / fetch.bytes_total)} of ${bytes(fetch.bytes_total)} fetched`
          : `${bytes(fetch.bytes)} fetched`);
    } else {
      this.state = "done";
      this.bar.value = 1;
      fill(this.note, "Fetched · ", h("a", { href: hrefOf(video.id), on: { click: onOpen } }, "show it"));
    }
  }

  /** It is handed in, and nobody may look how far it is. */
  handedIn() {
    this.state = "done";
    show(this.bar, false);
    setText(this.note, "Handed in: the server fetches it. Your key may not look how far it is.");
  }

  failed(message) {
    this.state = "failed";
    show(this.bar, false);
    fill(this.note, message);
    this.note.setAttribute("role", "alert");
  }
}
