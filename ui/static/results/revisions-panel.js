/** The drawer's pane with the results that are kept: show an earlier one again, or compare it. */
import { fill, h, setText, show } from "../toolkit/dom.js";
import { ago, clock, count } from "../toolkit/format.js";
import { kindName, LEVEL_NAMES, LEVELS, PRESET_NAMES } from "../video/names.js";
import { session } from "../video/session.js";
import { transport } from "../player/transport.js";
import { drawer } from "./drawer.js";
import { revisions } from "./revisions.js";

/** What made a result, by the API's code. */
const ORIGIN_NAMES = { settings: "settings", words: "words", human: "corrected by hand" };
const CHANGE_NAMES = { added: "added", removed: "gone", moved: "moved" };

/** Changes that are listed; of more there is the number. */
const LISTED = 200;

class RevisionsPanel {
  constructor() {
    this.button = h("button", { type: "button", class: "button tune-open", "aria-expanded": "false",
      "aria-controls": "revisions", on: { click: () => drawer.toggle("revisions") } },
    "Revisions");
    this.note = h("p", { class: "tune-note", role: "status" });
    this.list = h("ul", { class: "revision-list", "aria-label": "Revisions" });
    this.level = h("select", { "aria-label": "Level to compare",
      on: { change: () => revisions.chooseLevel(this.level.value) } },
    LEVELS.map((level) => h("option", { value: level }, LEVEL_NAMES[level])));
    this.summary = h("strong", {});
    this.changes = h("ul", { class: "revision-changes", "aria-label": "Changes" });
    this.comparison = h("div", { class: "revision-comparison" }, h("div", { class: "tune-end" }, this.summary,
      this.level, h("span", { class: "spacer" }), h("button", { type: "button", class: "button",
        on: { click: () => revisions.endComparison() } }, "Close")), this.changes);
    this.element = h("div", { class: "tune revisions", id: "revisions", role: "group", "aria-label": "Revisions" },
      this.note, this.list, this.comparison);
    revisions.on("change", () => {
      if (!revisions.open) drawer.close("revisions");
      this.draw();
    });
    drawer.on("change", () => this.#follow());
    session.on("video", () => this.draw());
    this.draw();
  }

  #follow() {
    const opened = drawer.pane === "revisions";
    if (opened && !revisions.open) revisions.begin();
    else if (!opened && revisions.open) revisions.close();
  }

  draw() {
    const { video } = session;
    show(this.button, video?.state === "done" || revisions.open);
    show(this.element, revisions.open);
    this.button.setAttribute("aria-expanded", String(revisions.open));
    if (!revisions.open) return;
    this.element.dataset.state = revisions.problem ? "failed" : "";
    const busy = video?.state !== "done" ? "A new result is on its way; one is chosen when it is there." : "";
    setText(this.note, revisions.problem || busy
      || (revisions.items.length === 1 ? "There is one result. With other settings there will be more." : ""));
    show(this.note, this.note.textContent !== "");
    fill(this.list, revisions.items.map((item, place) => this.#row(item, revisions.items[place + 1])));
    this.#drawComparison();
  }

  /** @param {any} before the result before this one, to say what differs in the settings */
  #row(item, before) {
    const { revision, current, counts } = item;
    const off = revisions.busy || session.video?.state !== "done";
    const made = LEVELS.filter((level) => counts[level] !== undefined).map((level) => count(counts[level], level));
    return h("li", { class: current ? "current" : "" }, h("strong", {}, `Revision ${revision}`),
      current && h("span", { class: "badge", dataset: { state: "done" } }, "shown"),
      h("span", { class: "revision-made" }, made.join(", ")),
      h("span", { class: "quiet" }, [ORIGIN_NAMES[item.origin] ?? item.origin, differences(item, before),
        ago(item.created_at)].filter(Boolean).join(" · ")), h("span", { class: "spacer" }),
      !current && h("button", { type: "button", class: "button", disabled: off,
        "aria-label": `Compare revision ${revision} with the one that is shown`,
        on: { click: () => revisions.compare(revision) } }, "Compare"),
      !current && h("button", { type: "button", class: "button", disabled: off,
        "aria-label": `Show revision ${revision}`, on: { click: () => revisions.choose(revision) } }, "Show"));
  }

  #drawComparison() {
    const { comparison } = revisions;
    show(this.comparison, comparison !== null);
    if (!comparison) return;
    const { from, to, counts, items } = comparison;
    this.level.value = comparison.level;
    const told = Object.entries(CHANGE_NAMES).map(([change, name]) => `${counts[change] ?? 0} ${name}`);
    setText(this.summary, `From revision ${from} to ${to}: ${told.join(", ")}, ${counts.kept ?? 0} kept`);
    const changed = items.filter(({ change }) => change !== "kept");
    fill(this.changes, changed.slice(0, LISTED).map(changeItem), changed.length > LISTED
      && h("li", { class: "quiet" }, `and ${(changed.length - LISTED).toLocaleString("en")} more`));
  }
}

/** One change: a click goes to it. */
function changeItem({ change, before, after }) {
  const at = after ?? before;
  const where = change === "moved" ? `${clock(before.s)} → ${clock(after.s)}` : clock(at.s);
  return h("li", {}, h("button", { type: "button", class: "revision-change", dataset: { change },
    on: { click: () => transport.seek(at.s) } }, h("span", { class: "badge" }, CHANGE_NAMES[change] ?? change),
  h("span", { class: "revision-time" }, where), h("span", { class: "quiet" }, kindName(at.kind))));
}

/** Preset and settings that differ from those of the result before. */
function differences(item, before) {
  const parts = [];
  if (item.preset !== "default") parts.push(PRESET_NAMES[item.preset] ?? item.preset);
  for (const [name, value] of Object.entries(before ? item.settings : {})) {
    if (name === "preset" || JSON.stringify(value) === JSON.stringify(before.settings[name])) continue;
    parts.push(`${name.replaceAll("_", " ")} ${JSON.stringify(value)}`);
  }
  return parts.join(", ");
}

/** The button for the timeline's toolbar, and the pane that it opens. */
export function revisionsPanel() {
  const { button, element } = new RevisionsPanel();
  return { button, element };
}
