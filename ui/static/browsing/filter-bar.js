/**
 * The bar above the list: how many segments are listed, the fields that narrow the list, and whether it is a list, a
 * grid or a table.
 */
import { fill, h, setText, show } from "../toolkit/dom.js";
import { clock, count, parseClock } from "../toolkit/format.js";
import { kindName } from "../video/names.js";
import { session } from "../video/session.js";
import { view } from "../video/view.js";
import { editor } from "../editing/editor.js";
import { choice } from "../results/choice.js";
import { tuning } from "../results/tuning.js";
import { occurring } from "./filtering.js";
import { listing } from "./listing.js";

const LAYOUT_NAMES = { list: "List", grid: "Grid", table: "Table" };

/** Names of the criteria that are one of what occurs. */
const ONE_OF = { kind: "Begins with", label: "Label", role: "Role" };

class FilterBar {
  constructor() {
    this.toggle = h("button", { type: "button", class: "button", "aria-expanded": "false", "aria-controls": "list-filter",
      on: { click: () => this.#open(this.fields.hidden) } }, "Filter");
    this.told = h("span", { class: "quiet list-count", role: "status" });
    this.layouts = Object.entries(LAYOUT_NAMES).map(([layout, name]) => h("button", { type: "button", class: "button",
      dataset: { layout }, on: { click: () => listing.show(layout) } }, name));
    this.text = h("input", { type: "search", id: "filter-text", autocomplete: "off", dir: "auto",
      placeholder: "Title, tag or what is said", on: { input: () => listing.narrow({ text: this.text.value }) } });
    this.selects = Object.keys(ONE_OF).map((what) => h("select", { id: `filter-${what}`, dataset: { what },
      on: { change: (event) => listing.narrow({ [what]: event.target.value }) } }));
    this.lengths = { minS: this.#length("minS", "at least"), maxS: this.#length("maxS", "at most") };
    this.all = h("button", { type: "button", class: "button", title: "Choose all that are listed (Ctrl A in the list)",
      on: { click: () => choice.choose(view.level, listing.places) } });
    this.clear = h("button", { type: "button", class: "button", on: { click: () => this.#clear() } }, "Clear filter");
    this.fields = h("div", { class: "list-filter", id: "list-filter", role: "group", "aria-label": "Filter segments",
      hidden: true },
      h("span", { class: "filter-field wide" }, h("label", { for: "filter-text" }, "Words"), this.text),
      this.selects.map((select) => field(select.id, ONE_OF[select.dataset.what], select)),
      h("span", { class: "filter-field wide", role: "group", "aria-label": "Length" }, h("span", {}, "Length"),
        this.lengths.minS, h("span", { "aria-hidden": "true" }, "–"), this.lengths.maxS),
      h("div", { class: "filter-end" }, this.all, this.clear));
    this.element = h("div", { class: "list-tools" }, h("div", { class: "list-bar" }, this.toggle, this.told,
      h("span", { class: "spacer" }), h("div", { class: "list-layouts", role: "group", "aria-label": "Show as" },
        this.layouts)), this.fields);
    for (const changed of [listing, tuning, editor, choice]) changed.on("change", () => this.draw());
    session.on("opened", () => this.#empty());
    session.on("segments", () => this.draw());
    view.on("level", () => this.draw());
    this.draw();
  }

  #length(name, text) {
    return h("input", { type: "text", inputmode: "decimal", autocomplete: "off", placeholder: text,
      title: "Seconds, or a time such as 1:30", "aria-label": `${text}, seconds or a time such as 1:30`,
      on: { change: (event) => this.#setLength(name, event.target) } });
  }

  #setLength(name, input) {
    const value = input.value.trim() === "" ? null : parseClock(input.value);
    const wrong = Number.isNaN(value);
    input.setAttribute("aria-invalid", String(wrong));
    if (!wrong) listing.narrow({ [name]: value });
  }

  #open(opened) {
    show(this.fields, opened);
    this.draw();
    if (opened) this.text.focus();
  }

  /** Also what could not be read. */
  #empty() {
    for (const input of Object.values(this.lengths)) {
      input.value = "";
      input.setAttribute("aria-invalid", "false");
    }
  }

  #clear() {
    this.#empty();
    listing.clear();
    this.text.focus();
  }

  draw() {
    const { segments, places, criteria, narrowed } = listing;
    const level = view.level;
    this.toggle.setAttribute("aria-expanded", String(!this.fields.hidden));
    this.toggle.classList.toggle("narrowed", narrowed);
    setText(this.told, narrowed ? `${places.length} of ${segments.length}` : "");
    for (const button of this.layouts) {
      button.setAttribute("aria-pressed", String(button.dataset.layout === listing.layout));
    }
    document.body.dataset.listing = listing.layout;
    if (this.text.value !== criteria.text) this.text.value = criteria.text;
    for (const select of this.selects) drawOptions(select, segments, criteria[select.dataset.what]);
    for (const [name, input] of Object.entries(this.lengths)) {
      if (document.activeElement === input || input.getAttribute("aria-invalid") === "true") continue;
      input.value = criteria[name] === null ? "" : lengthText(criteria[name]);
    }
    show(this.clear, narrowed);
    show(this.all, choice.available);
    setText(this.all, `Choose ${narrowed ? "these" : "all"} ${count(places.length, level)}`);
    this.all.disabled = places.length === 0;
  }
}

const field = (id, name, input) => h("span", { class: "filter-field" }, h("label", { for: id }, name), input);

const lengthText = (seconds) => (seconds < 60 ? String(seconds) : clock(seconds, Number.isInteger(seconds) ? 0 : 3));

/** What occurs, with how often; what is asked for stays, also at a level where it does not occur. */
function drawOptions(select, segments, wanted) {
  const { what } = select.dataset;
  const found = occurring(segments, what);
  if (wanted && !found.some(([value]) => value === wanted)) found.push([wanted, 0]);
  const key = JSON.stringify(found);
  if (select.dataset.offered !== key) {
    select.dataset.offered = key;
    fill(select, h("option", { value: "" }, "any"), found.map(([value, number]) => h("option", { value },
      `${what === "kind" ? kindName(value) : value} (${number})`)));
  }
  select.value = wanted;
}

export function filterBar() {
  return new FilterBar().element;
}
