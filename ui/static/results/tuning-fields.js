/**
 * The fields of the panel for what no slider can say: about how many scenes and chapters are wanted, which part of the
 * video is segmented, and whether jump cuts divide shots. An empty field leaves it to the sensitivity, or to the start
 * and the end of the file.
 */
import { h, show } from "../toolkit/dom.js";
import { clock, parseClock } from "../toolkit/format.js";
import { session } from "../video/session.js";
import { tuning } from "./tuning.js";

/** Most segments of a level that can be asked for; the API refuses more. */
const MOST_WANTED = 1000;

/** A whole number from 1 on; null for an empty field, NaN for anything else. */
function parseCount(text) {
  if (text.trim() === "") return null;
  const count = Number(text);
  return Number.isInteger(count) && count >= 1 && count <= MOST_WANTED ? count : Number.NaN;
}

/** A time in seconds; null for an empty field, NaN for anything else. */
const parseTime = (text) => (text.trim() === "" ? null : parseClock(text));

class Field {
  /**
   * @param {{setting: string, label: string, read: (text: string) => number | null, write: (value: number) => string,
   *   empty: () => string, hint: string, wants: string}} kind `empty`: what an empty field stands for; `wants`: what
   *   a person should write
   */
  constructor({ setting, label, read, write, empty, hint, wants }) {
    Object.assign(this, { setting, label, read, write, empty, wants });
    this.input = /** @type {HTMLInputElement} */ (h("input", { type: "text", inputmode: "decimal", id: `tune-${setting}`,
      autocomplete: "off", title: hint, on: { change: () => this.#changed() } }));
    this.element = h("span", { class: "tune-value", dataset: { setting } }, h("label", { for: this.input.id }, label), this.input);
  }

  #changed() {
    const value = this.read(this.input.value);
    const wrong = Number.isNaN(value);
    this.input.setAttribute("aria-invalid", String(wrong));
    if (wrong || value === (tuning.values[this.setting] ?? null)) tuning.emit("change");
    else tuning.set(this.setting, value);
  }

  /** What is wrong with the text, for people; empty where nothing is. */
  get problem() {
    return this.input.getAttribute("aria-invalid") === "true" ? `${this.label}: ${this.wants}.` : "";
  }

  draw() {
    this.input.disabled = tuning.applied;
    this.input.placeholder = this.empty();
    if (document.activeElement === this.input || this.problem) return;
    const value = tuning.values[this.setting] ?? null;
    this.input.value = value === null ? "" : this.write(value);
  }

  /** Forget what could not be read. */
  reset() {
    this.input.setAttribute("aria-invalid", "false");
  }
}

/** Whether cuts within one take divide shots; a result of an older version, which has no such setting, has them divide. */
class JumpCuts {
  constructor() {
    this.problem = "";
    this.select = /** @type {HTMLSelectElement} */ (h("select", { id: "tune-jump_cuts",
      title: "Cuts within one take: time is left out, or the framing is punched in",
      on: { change: () => tuning.set("jump_cuts", this.select.value) } },
      h("option", { value: "split" }, "divide shots"), h("option", { value: "ignore" }, "are ignored")));
    this.element = h("span", { class: "tune-value", dataset: { setting: "jump_cuts" } },
      h("label", { for: this.select.id }, "Jump cuts"), this.select);
  }

  draw() {
    show(this.element, !session.soundOnly);
    this.select.disabled = tuning.applied;
    this.select.value = tuning.values.jump_cuts ?? "split";
  }

  /** There is nothing that could not be read. */
  reset() {}
}

const COUNT = { read: parseCount, write: String, empty: () => "any",
  hint: "About so many; empty: as many as the slider gives", wants: `a whole number from 1 to ${MOST_WANTED}` };
const TIME = { read: parseTime, write: (seconds) => clock(seconds),
  hint: "A time, such as 1:30 or 90; outside of the part nothing is segmented", wants: "a time such as 1:30 or 90" };

/** The fields in a row, how to bring them up to date, and what is wrong with the first one that cannot be read. */
export function tuningFields() {
  const fields = [
    new Field({ ...COUNT, setting: "chapters", label: "Chapters, about" }),
    new Field({ ...COUNT, setting: "scenes", label: "Scenes, about" }),
    new Field({ ...TIME, setting: "from_s", label: "From", empty: () => clock(session.startS) }),
    new Field({ ...TIME, setting: "to_s", label: "To", empty: () => clock(session.endS) }),
    new JumpCuts(),
  ];
  return {
    element: h("div", { class: "tune-values" }, fields.map((field) => field.element)),
    draw: () => fields.forEach((field) => (tuning.open ? field.draw() : field.reset())),
    problem: () => fields.map((field) => field.problem).find(Boolean) ?? "",
  };
}
