/** The bar that tells how many segments are chosen, with what can be done with them: cut, export, let go. */
import { h, iconButton, setText, show } from "../toolkit/dom.js";
import { count } from "../toolkit/format.js";
import { session } from "../video/session.js";
import { view } from "../video/view.js";
import { editor } from "../editing/editor.js";
import { choice } from "../results/choice.js";
import { cutChosen } from "../results/clips.js";
import { tuning } from "../results/tuning.js";
import { exporting } from "./exporting.js";
import { listing } from "./listing.js";

/** The bar, which is hidden while nothing is chosen. */
export function chosenBar() {
  const button = (text, run) => h("button", { type: "button", class: "button", on: { click: run } }, text);
  const told = h("span", { role: "status" });
  const cut = button("Cut…", () => cutChosen());
  const exported = button("Export…", () => exporting.emit("chosen"));
  const clear = iconButton("close", "Choose none", () => choice.clear());
  exported.dataset.opens = "exports"; // the menu is not closed by this click
  const element = h("div", { class: "list-chosen", role: "group", "aria-label": "Chosen segments", hidden: true }, told,
    h("span", { class: "spacer" }), cut, exported, clear);
  const draw = () => {
    show(element, choice.any);
    setText(told, choice.any ? textOf() : "");
    show(cut, !session.soundOnly);
    for (const [each, title] of [[cut, "Cut them into files (Clips)"], [exported, "A file of them for another tool"]]) {
      each.disabled = !choice.stored;
      each.title = choice.stored ? title : "Of the saved result only: save or discard what is shown first";
    }
  };
  for (const changed of [choice, listing, editor, tuning]) changed.on("change", draw);
  session.on("video", draw);
  view.on("level", draw);
  draw();
  return element;
}

/** How many, and how many of them the list does not show. */
function textOf() {
  const { level, frames } = choice;
  const chosen = `${count(frames.length, level)} chosen`;
  const listed = level === view.level
    ? listing.places.filter((place) => choice.has(level, listing.segments[place].start_frame)).length : 0;
  const hidden = frames.length - listed;
  return hidden > 0 ? `${chosen}, ${hidden} not listed` : chosen;
}
