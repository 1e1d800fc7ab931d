/**
 * The videos of the list that are chosen, and the bar that says so, with "Delete" for all of them and "Learn" from
 * those that were corrected. They stay chosen while the list is scrolled; another search or filter lets go of them, since they could not be seen any more.
 */
import { confirmDialog, fill, h, setText, show } from "../toolkit/dom.js";
import { filename } from "../toolkit/filenames.js";
import { count } from "../toolkit/format.js";
import { currentId, go } from "../toolkit/router.js";
import { ApiError, deleteVideo } from "../api/requests.js";
import { session } from "../video/session.js";
import { openLearning } from "./learning.js";

/** Deletions under way at once: a browser has six connections to one origin. */
const DELETED_AT_ONCE = 3;

/** Names in the question before they are deleted. */
const NAMES_SHOWN = 8;

export class Chosen {
  /** @param {() => void} onChange the choice has changed, or videos are gone */
  constructor(onChange) {
    this.onChange = onChange;
    /** @type {Map<string, string>} names by id */
    this.names = new Map();
    this.text = h("span", { role: "status" });
    this.remove = h("button", { type: "button", class: "button danger-quiet", on: { click: () => this.#delete() } },
      "Delete");
    this.learn = h("button", { type: "button", class: "button",
      title: "Find the settings that come nearest to these videos as you corrected them",
      on: { click: () => openLearning(new Map(this.names)) } }, "Learn");
    this.element = h("div", { class: "library-chosen" }, this.text, h("span", { class: "spacer" }), this.learn,
      this.remove,
      h("button", { type: "button", class: "button", on: { click: () => this.clear() } }, "Clear"));
    this.problem = h("p", { class: "library-problem", role: "alert", hidden: true });
    this.#draw();
  }

  has(id) {
    return this.names.has(id);
  }

  /** @param {any[]} videos @param {boolean} chosen whether they are from now on */
  set(videos, chosen) {
    for (const { id, filename: name } of videos) {
      if (chosen) this.names.set(id, name);
      else this.names.delete(id);
    }
    show(this.problem, false);
    this.#changed();
  }

  clear() {
    this.names.clear();
    show(this.problem, false);
    this.#changed();
  }

  #changed() {
    this.#draw();
    this.onChange();
  }

  #draw() {
    setText(this.text, `${this.names.size.toLocaleString("en")} chosen`);
    show(this.element, this.names.size > 0);
  }

  async #delete() {
    const wanted = [...this.names];
    const shown = wanted.slice(0, NAMES_SHOWN).map(([, name]) => h("li", {}, filename(name)));
    const rest = wanted.length - shown.length;
    const sure = await confirmDialog({
      title: `Delete ${count(wanted.length, "video")}?`,
      text: [h("ul", {}, shown, rest > 0 && h("li", {}, `and ${rest.toLocaleString("en")} more`)),
        h("p", {}, "The files and everything found in them will be gone.")],
      action: `Delete ${wanted.length.toLocaleString("en")}`,
    });
    if (!sure) return;
    this.remove.disabled = true;
    const failed = await this.#deleteAll(wanted);
    this.remove.disabled = false;
    if (failed.length) {
      const { name, error } = failed[0];
      fill(this.problem, `${count(failed.length, "video")} could not be deleted; `, filename(name),
        `: ${error.message}`);
      show(this.problem, true);
    }
    this.#changed();
  }

  /** Delete them, a few at a time; one that somebody else has deleted is deleted. */
  async #deleteAll(wanted) {
    const failed = [];
    const waiting = wanted.slice();
    const one = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const [id, name] = next;
        try {
          await deleteVideo(id);
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          if (error.status !== 404) {
            failed.push({ name, error });
            continue;
          }
        }
        this.names.delete(id);
        this.#draw();
        session.emit("deleted", id);
        if (currentId() === id) go(null);
      }
    };
    await Promise.all(Array.from({ length: DELETED_AT_ONCE }, one));
    return failed;
  }
}
