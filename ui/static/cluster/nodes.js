/**
 * The table of actors, grouped by node. Where there are many, the groups begin closed: a closed one is one row with a
 * summary. An open one has at most so many rows until more are asked for, so thousands of actors stay usable.
 */
import { h, setText, show } from "../toolkit/dom.js";
import { count } from "../toolkit/format.js";
import { ActorRow, cellClass, COLUMNS } from "./actor-row.js";
import { Rows } from "./rows.js";
import { ACTOR_STATES, byNode, devicesText, framesPerSOf, NO_NODE, statesText } from "./summary.js";

/** With more actors than this, the groups begin closed. */
const OPEN_UP_TO = 40;

/** Rows of an open group, and how many more each press of the button adds. */
const ROWS = 100;

/** One node: a heading that opens and closes it, and the rows of its actors. */
class NodeGroup {
  constructor(key, open) {
    this.key = key;
    this.open = open;
    this.most = ROWS;
    this.name = h("span", { class: "node-name" });
    this.facts = h("span", { class: "node-facts" });
    this.button = h("button", { type: "button", class: "node-toggle", on: { click: () => {
      this.open = !this.open;
      this.#draw();
    } } }, this.name, this.facts);
    this.heading = h("tr", { class: "node-heading" },
      h("th", { scope: "rowgroup", colspan: String(COLUMNS.length) }, this.button));
    this.moreButton = h("button", { type: "button", class: "button", on: { click: () => this.#showMore() } });
    this.more = h("tr", { hidden: true }, h("td", { colspan: String(COLUMNS.length) }, this.moreButton));
    this.element = h("tbody", { class: "node" }, this.heading, this.more);
    this.rows = new Rows(this.element, this.more);
  }

  update({ name, actors }, filenames) {
    this.actors = actors;
    this.filenames = filenames;
    setText(this.name, this.key === NO_NODE ? "On no node yet" : name || this.key.slice(0, 12));
    const frames = framesPerSOf(actors);
    setText(this.facts, [count(actors.length, "actor"), statesText(actors), devicesText(actors),
      frames > 0 && `${Math.round(frames).toLocaleString("en")} frames/s`].filter(Boolean).join(" · "));
    this.#draw();
  }

  #draw() {
    this.button.setAttribute("aria-expanded", String(this.open));
    const shown = this.open ? this.actors.slice(0, this.most) : [];
    const left = this.open ? this.actors.length - shown.length : 0;
    setText(this.moreButton, `Show ${Math.min(ROWS, left)} more of ${left.toLocaleString("en")}`);
    show(this.more, left > 0);
    this.rows.draw(shown, (actor) => actor.actor, () => new ActorRow(), (row, actor) => row.update(actor, this.filenames));
  }

  /** The focus goes on to the first of them: the button may be gone. */
  #showMore() {
    const first = this.actors[this.most];
    this.most += ROWS;
    this.#draw();
    this.rows.shown.get(first.actor).focus();
  }
}

export class NodeTable {
  constructor() {
    /** @type {Map<string, NodeGroup>} also those that have no actor in the chosen state: each knows whether it is open */
    this.groups = new Map();
    this.state = h("select", { "aria-label": "Actors in state", on: { change: () => this.#draw() } },
      h("option", { value: "" }, "All states"),
      Object.entries(ACTOR_STATES).map(([value, name]) => h("option", { value }, name)));
    this.facts = h("span", { class: "quiet" });
    this.none = h("p", { class: "quiet" }, "No actor is in this state.");
    this.table = h("table", { class: "cluster-table actors" },
      h("caption", { class: "visually-hidden" }, "Actors by node"),
      h("thead", {}, h("tr", {}, COLUMNS.map((column) => h("th", { scope: "col", class: cellClass(column) },
        column.name)))));
    this.element = h("section", { class: "cluster-part", "aria-labelledby": "cluster-actors" },
      h("div", { class: "cluster-head" }, h("h2", { class: "panel-title", id: "cluster-actors" }, "Actors"), this.facts,
        h("span", { class: "spacer" }), this.state),
      this.none, h("div", { class: "cluster-scroll", role: "group", "aria-label": "Actors", tabindex: "0" }, this.table));
    this.rows = new Rows(this.table);
  }

  /** @param {any} cluster the API's document, whose pool answers */
  draw({ pool, filenames }) {
    this.actors = pool.actors;
    this.filenames = filenames ?? {};
    const open = pool.actors.length <= OPEN_UP_TO;
    const groups = byNode(pool.actors).map(({ key }) => [key, this.groups.get(key) ?? new NodeGroup(key, open)]);
    this.groups = new Map(groups);
    setText(this.facts, [`${pool.actors.length.toLocaleString("en")} of ${pool.wanted.toLocaleString("en")} wanted`,
      statesText(pool.actors)].filter(Boolean).join(" · "));
    this.#draw();
  }

  #draw() {
    const found = byNode(this.actors, this.state.value);
    show(this.none, found.length === 0 && this.actors.length > 0);
    show(this.table, found.length > 0);
    this.rows.draw(found, ({ key }) => key, ({ key }) => this.groups.get(key),
      (group, one) => group.update(one, this.filenames));
  }
}
