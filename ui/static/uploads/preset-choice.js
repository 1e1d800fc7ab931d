/** The menu of presets for new videos, with a sentence that says what the chosen one is for. */
import { h, setText, show } from "../toolkit/dom.js";
import { PRESET_NAMES } from "../video/names.js";
import { knownPresets } from "../video/presets.js";

/** Name of the preset that a video has without a choice. */
const DEFAULT = "default";

export class PresetChoice {
  /** @param {string[]} presets names of the packaged ones, in their order, without the default */
  constructor(presets) {
    this.select = /** @type {HTMLSelectElement} */ (h("select", { id: "upload-preset",
      "aria-describedby": "upload-preset-for", on: { change: () => this.#turn(), focus: () => this.#turn() } },
    h("option", { value: "" }, "Any video"),
    presets.map((name) => h("option", { value: name }, PRESET_NAMES[name] ?? name))));
    this.note = h("p", { class: "upload-kind-note quiet", id: "upload-preset-for", hidden: true });
    /** Whether the person has come to the menu, maybe before the presets were read. */
    this.turnedTo = false;
    this.element = h("div", {},
      h("div", { class: "field" }, h("label", { for: "upload-preset" }, "Kind of video"), this.select), this.note);
    knownPresets.on("change", () => this.#offerOwn());
    knownPresets.load();
  }

  /** Name of the chosen preset; empty: none was chosen. */
  get value() {
    return this.select.value;
  }

  /** One's own presets below the packaged ones. */
  #offerOwn() {
    const chosen = this.select.value;
    this.select.querySelector("optgroup")?.remove();
    if (knownPresets.names.length) {
      this.select.append(h("optgroup", { label: "Your presets" },
        knownPresets.names.map((name) => h("option", { value: name }, name))));
    }
    this.select.value = [...this.select.options].some((option) => option.value === chosen) ? chosen : "";
    for (const option of this.select.options) option.title = knownPresets.sentenceOf(option.value || DEFAULT);
    if (this.turnedTo) this.#explain();
  }

  /** From when the person turns to the menu on there is a sentence: before, it would only move what is below. */
  #turn() {
    this.turnedTo = true;
    this.#explain();
  }

  /** The sentence, once the presets have been read. */
  #explain() {
    const sentence = knownPresets.sentenceOf(this.value || DEFAULT);
    setText(this.note, sentence);
    show(this.note, sentence !== "");
  }
}
