/**
 * What is said of uploads that an earlier visit has left unfinished: which files to choose again so that they go on,
 * and a way to forget them. The server is asked for each before: it may have what it needs, or have forgotten it.
 */
import { fill, h, iconButton, show } from "../toolkit/dom.js";
import { filename, plainName } from "../toolkit/filenames.js";
import { count, percent } from "../toolkit/format.js";
import { PRESET_NAMES } from "../video/names.js";
import { forgetOnServer, offsetOnServer } from "./tus.js";
import { forgetKey, leftBehind, NOTICED_AFTER_MS } from "./unfinished.js";

export class LeftBehind {
  constructor() {
    this.text = h("p", {});
    this.list = h("ul", {});
    this.element = h("div", { class: "upload-left", role: "status", hidden: true }, this.text, this.list);
    this.read();
    window.setTimeout(() => this.read(), NOTICED_AFTER_MS);
  }

  /** Read what this browser remembers, and ask the server how much of each it has. */
  async read() {
    const found = [];
    for (const entry of leftBehind()) {
      const sentBytes = await offsetOnServer(entry);
      if (sentBytes === null) forgetKey(entry.key);
      else found.push({ ...entry, sentBytes });
    }
    this.entries = found;
    this.#draw();
  }

  /** Files were chosen: what goes on is not left behind any more. */
  refresh() {
    const left = new Set(leftBehind().map(({ key }) => key));
    this.entries = (this.entries ?? []).filter(({ key }) => left.has(key));
    this.#draw();
  }

  #draw() {
    const { entries } = this;
    const many = entries.length !== 1;
    fill(this.text, h("strong", {}, `${count(entries.length, "upload")} ${many ? "are" : "is"} unfinished.`),
      ` Choose or drop the ${many ? "files" : "file"} again to go on.`,
      entries.some(({ preset }) => preset) && " Choose the kind of video that is named here first: with another "
        + "one, the file is sent from its beginning.");
    fill(this.list, entries.map((entry) => h("li", {}, filename(entry.name),
      h("span", { class: "quiet" }, percent(entry.size ? entry.sentBytes / entry.size : 0),
        entry.preset && ` · ${PRESET_NAMES[entry.preset] ?? entry.preset}`),
      iconButton("close", `Forget the upload of ${plainName(entry.name)}`, () => this.#forget(entry)))));
    show(this.element, entries.length > 0);
  }

  #forget(entry) {
    forgetKey(entry.key);
    forgetOnServer(entry.url);
    this.refresh();
  }
}
