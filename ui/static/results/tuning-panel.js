/**
 * The drawer's pane where other settings are tried: the sensitivity of each level, how many segments are
 * wanted, and of which part; the rows show the result of the try.
 */
import { fill, h, setText, show } from "../toolkit/dom.js";
import { LEVEL_NAMES, LEVELS, PRESET_NAMES } from "../video/names.js";
import { session } from "../video/session.js";
import { editor } from "../editing/editor.js";
import { drawer } from "./drawer.js";
import { STEP } from "./threshold.js";
import { tuningFields } from "./tuning-fields.js";
import { sensitivityOf, tuning, wantedOf } from "./tuning.js";

class TuningPanel {
  constructor() {
    this.button = h("button", { type: "button", class: "button tune-open", "aria-expanded": "false",
      "aria-controls": "tune", on: { click: () => drawer.toggle("adjust") } }, "Adjust");
    this.sliders = LEVELS.map((level) => h("input", { type: "range", min: 0, max: 1, step: STEP,
      id: `tune-${level}`, dataset: { level },
      on: { input: (event) => tuning.set(sensitivityOf(level), Number(event.target.value)) } }));
    this.counts = LEVELS.map((level) => h("output", { class: "tune-count", for: `tune-${level}` }));
    this.preset = h("select", { id: "tune-preset",
      on: { change: (event) => tuning.choosePreset(event.target.value) } },
      h("option", { value: "default" }, "Any video"),
      Object.entries(PRESET_NAMES).map(([value, name]) => h("option", { value }, name)));
    this.fields = tuningFields();
    this.note = h("p", { class: "tune-note", role: "status" });
    this.discard = h("button", { type: "button", class: "button", on: { click: () => tuning.close() } }, "Discard");
    this.apply = h("button", { type: "button", class: "button primary",
      on: { click: () => tuning.apply() } }, "Apply");
    this.element = h("div", { class: "tune", id: "tune", role: "group", "aria-label": "Adjust the segmentation" });
    this.levels = LEVELS.map((level, place) => h("div", { class: "tune-field", dataset: { level } },
      h("label", { for: `tune-${level}` }, LEVEL_NAMES[level]),
      h("span", { class: "tune-ends", "aria-hidden": "true" }, "fewer"), this.sliders[place],
      h("span", { class: "tune-ends", "aria-hidden": "true" }, "more"), this.counts[place]));
    fill(this.element, this.levels, this.fields.element,
      h("div", { class: "tune-end" }, h("label", { for: "tune-preset" }, "Kind of video"), this.preset,
        this.note, this.discard, this.apply));
    tuning.on("change", () => (tuning.open ? this.draw() : this.#leave()));
    drawer.on("change", () => this.#follow());
    session.on("video", () => this.draw());
    session.on("segments", () => this.draw());
    editor.on("change", () => this.#giveWay());
    this.draw();
  }

  /** While a draft is corrected by hand there are no tries: both show other segments than the stored ones. */
  #giveWay() {
    this.button.disabled = editor.active;
    if (editor.active) drawer.close("adjust");
  }

  /** A pane that is opened begins a try. One that is closed ends it, unless there is something to lose. */
  #follow() {
    const opened = drawer.pane === "adjust";
    if (opened && !tuning.open) tuning.begin();
    else if (!opened && tuning.open && !tuning.differs && !tuning.applied) tuning.close();
    else this.draw();
  }

  #leave() {
    drawer.close("adjust");
    this.draw();
  }

  draw() {
    const opened = drawer.pane === "adjust";
    this.fields.draw();
    show(this.button, session.video?.state === "done" || tuning.open);
    setText(this.button, tuning.segments && !opened ? "Adjust: a try is shown" : "Adjust");
    show(this.element, opened);
    this.button.setAttribute("aria-expanded", String(opened));
    if (!tuning.open) return;
    LEVELS.forEach((level, place) => {
      show(this.levels[place], level !== "shot" || !session.soundOnly);
      const slider = this.sliders[place];
      const value = tuning.values[sensitivityOf(level)];
      if (value !== undefined && Number(slider.value) !== value) slider.value = String(value);
      // a wanted number takes the place of the sensitivity
      slider.disabled = tuning.applied || (tuning.values[wantedOf(level)] ?? null) !== null;
      fill(this.counts[place], ...countOf(level));
    });
    this.preset.value = tuning.values.preset ?? "default";
    this.preset.disabled = tuning.applied;
    const problem = this.fields.problem() || tuning.problem;
    this.element.dataset.state = problem ? "failed" : "";
    this.element.setAttribute("aria-busy", String(tuning.busy || tuning.applied));
    setText(this.note, problem || note());
    this.discard.disabled = tuning.applied;
    this.apply.disabled = tuning.applied || tuning.busy || Boolean(problem) || !tuning.differs;
  }
}

/** The number of segments that the try gives, and its difference to the stored result. */
function countOf(level) {
  const now = session.segments[level].length;
  const then = tuning.segments?.[level].length ?? now;
  const change = then - now;
  return [h("strong", {}, String(then)),
    change !== 0 && h("span", { class: "tune-change" }, change > 0 ? `+${change}` : `−${-change}`)];
}

function note() {
  if (tuning.applied) return "Making a new result…";
  if (tuning.busy) return "Trying…";
  return tuning.segments ? "A try: nothing is changed until you apply it." : "Change something to see what it does.";
}

/** The button for the timeline's toolbar, and the pane that it opens. */
export function tuningPanel() {
  const { button, element } = new TuningPanel();
  return { button, element };
}
