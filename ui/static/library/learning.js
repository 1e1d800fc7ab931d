/**
 * The dialog in which the chosen videos, corrected by hand, teach settings: what was found, how near each video comes
 * with it, and a name to keep it as a preset. Knows the API's answer; not how it is found.
 */
import { confirmDialog, fill, h, setText, show } from "../toolkit/dom.js";
import { filename } from "../toolkit/filenames.js";
import { count } from "../toolkit/format.js";
import { ApiError, learnFrom, savePreset } from "../api/requests.js";
import { LEVELS, LEVEL_NAMES } from "../video/names.js";
import { knownPresets } from "../video/presets.js";
import { score, summary } from "./learned.js";

const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const WRONG_NAME = "A name has small letters, digits, - and _, and begins with a letter or a digit.";

/** Open the dialog, and look for the settings. @param {Map<string, string>} names of the videos by id */
export function openLearning(names) {
  new LearningDialog(names);
}

class LearningDialog {
  constructor(names) {
    this.names = names;
    this.abort = new AbortController();
    this.note = h("p", { role: "status" }, `Looking for the settings that come nearest to ${
      count(names.size, "corrected video")}. This takes up to half a minute.`);
    this.content = h("div", { class: "dialog-text" });
    this.problem = h("p", { class: "library-problem", role: "alert", hidden: true });
    this.name = h("input", { id: "learned-name", autocomplete: "off", spellcheck: "false", maxlength: "64" });
    this.keep = h("button", { type: "button", class: "button primary", hidden: true,
      on: { click: () => this.#save() } }, "Keep as a preset");
    this.field = h("div", { class: "field learned-field", hidden: true },
      h("label", { for: "learned-name" }, "Name of the preset"), this.name);
    const title = "Settings from corrections";
    this.dialog = /** @type {HTMLDialogElement} */ (h("dialog", { class: "dialog learning", "aria-label": title },
      h("form", { method: "dialog" }, h("h2", {}, title), this.note, this.content, this.field, this.problem,
        h("div", { class: "dialog-actions" }, h("button", { type: "submit", class: "button" }, "Close"), this.keep))));
    this.dialog.addEventListener("close", () => {
      this.abort.abort();
      this.dialog.remove();
    });
    this.name.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.#save();
    });
    document.body.append(this.dialog);
    this.dialog.showModal();
    this.#look();
  }

  async #look() {
    try {
      this.found = await learnFrom([...this.names.keys()], this.abort.signal);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.#failed(error);
      setText(this.note, "Nothing was learned.");
      return;
    }
    setText(this.note, summary(this.found));
    const changed = Object.entries(this.found.changed);
    if (!changed.length) return;
    fill(this.content, h("dl", { class: "learned-settings" }, changed.flatMap(([name, value]) =>
      [h("dt", {}, name), h("dd", {}, String(value))])), this.#table());
    show(this.field, true);
    show(this.keep, true);
    this.name.focus();
  }

  #table() {
    const levels = LEVELS.filter((level) => this.found.videos.some((video) => video.before[level]));
    return h("table", { class: "learned" },
      h("thead", {}, h("tr", {}, h("th", {}, "Video"), levels.map((level) => h("th", {}, LEVEL_NAMES[level])))),
      h("tbody", {}, this.found.videos.map((video) => h("tr", {}, h("td", {}, filename(this.names.get(video.video_id))),
        levels.map((level) => h("td", {}, video.before[level]
          ? `${score(video.before[level].f1)} → ${score(video.after[level].f1)}` : "-"))))));
  }

  async #save() {
    const name = this.name.value.trim();
    if (!NAME.test(name)) {
      this.#failed(new Error(WRONG_NAME));
      return;
    }
    this.keep.disabled = true;
    try {
      if (!await this.#kept(name)) {
        this.name.focus();
        return;
      }
      show(this.problem, false);
      show(this.field, false);
      show(this.keep, false);
      setText(this.note, `Kept as “${name}”: choose it as the kind of video when you upload.`);
      knownPresets.load();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#failed(error);
    } finally {
      this.keep.disabled = false;
    }
  }

  /** Keep it; one of the same name is replaced only if the person agrees. Whether it was kept. */
  async #kept(name) {
    const wish = { based_on: this.found.preset, settings: this.found.settings };
    try {
      await savePreset(name, wish, false);
    } catch (error) {
      if (error.code !== "preset_exists") throw error;
      if (!await confirmDialog({ title: `Replace your preset “${name}”?`,
        text: "You have a preset of this name. Its settings are lost.", action: "Replace" })) return false;
      await savePreset(name, wish, true);
    }
    return true;
  }

  #failed(error) {
    setText(this.problem, error.message);
    show(this.problem, true);
  }
}
