/**
 * Offers a preset for uploads that were chosen without one. They wait for the answer; without one they go on as they
 * were chosen, so that nobody has to stay with the page. Nothing is taken by itself.
 */
import { h } from "../toolkit/dom.js";
import { filename } from "../toolkit/filenames.js";
import { PRESET_NAMES } from "../video/names.js";

/** Without an answer the uploads go on after this time. A person who is at it has as long as they want. */
const UNANSWERED_MS = 15000;

export class Suggestion {
  /**
   * @param {UploadItem[]} items
   * @param {{preset: string, why: string}} guess of the first
   * @param {(items: any[], preset: string, hadFocus: boolean) => void} onAnswer preset: empty where it was not taken;
   *   hadFocus: the focus was in what is taken away
   */
  constructor(items, { preset, why }, onAnswer) {
    this.items = items;
    this.onAnswer = onAnswer;
    const [first, ...more] = items;
    const kind = PRESET_NAMES[preset] ?? preset;
    this.element = h("div", { class: "upload-guess", role: "group", "aria-label": `Suggestion: ${kind}` },
      h("p", {}, filename(first.name), more.length > 0 && ` and ${more.length} more`,
        ` ${more.length ? "look" : "looks"} like the kind `, h("strong", {}, kind), `: ${why}.`),
      h("div", { class: "upload-answers" },
        this.#button(`Use ${kind}`, preset, "button primary"), this.#button("Any video", "", "button")),
      h("p", { class: "quiet" }, "Without an answer the upload goes on as any video."));
    for (const event of ["pointermove", "focusin"]) this.element.addEventListener(event, () => this.#wait());
    this.element.addEventListener("pointerleave", () => !this.#focused && this.#goOnSoon());
    this.element.addEventListener("focusout", () => this.#goOnSoon());
    this.#goOnSoon();
  }

  /** Whether the person is at one of the buttons; not where the focus stays there and the window is left. */
  get #focused() {
    return document.hasFocus() && this.element.contains(document.activeElement);
  }

  #button(text, preset, kind) {
    return h("button", { type: "button", class: kind, on: { click: () => this.#answer(preset) } }, text);
  }

  /** An upload was stopped: it needs no answer any more. */
  forget(item) {
    this.items = this.items.filter((other) => other !== item);
    if (!this.items.length) this.#end();
  }

  /** Nobody is at it: without an answer the uploads go on. */
  #goOnSoon() {
    this.#wait();
    if (this.items.length) this.timer = window.setTimeout(() => this.#answer(""), UNANSWERED_MS);
  }

  #wait() {
    window.clearTimeout(this.timer);
  }

  #answer(preset) {
    const { items } = this;
    const hadFocus = this.element.contains(document.activeElement);
    this.#end();
    this.onAnswer(items, preset, hadFocus);
  }

  #end() {
    this.#wait();
    this.items = [];
    this.element.remove();
  }
}
