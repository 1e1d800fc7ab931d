/**
 * The drawer beside the player: the panes Adjust, Revisions, Clips and Boundary, of which at most one is open. `data-drawer` of
 * the page's body tells the style sheets.
 */
import { h, iconButton, show } from "../toolkit/dom.js";
import { clipsPanel } from "./clips-panel.js";
import { drawer } from "./drawer.js";
import { inspectorPane } from "./inspector.js";
import { revisionsPanel } from "./revisions-panel.js";
import { tuningPanel } from "./tuning-panel.js";

class DrawerPanel {
  constructor() {
    const inspector = inspectorPane();
    const panes = [headed("Adjust", tuningPanel()), headed("Revisions", revisionsPanel()),
      headed("Clips", clipsPanel()), inspector];
    /** The place in the pane of a boundary for what corrects it. */
    this.corrections = inspector.corrections;
    this.buttons = panes.map((pane) => pane.button);
    this.element = h("section", { class: "panel drawer", "aria-label": "Drawer", hidden: true },
      panes.map((pane) => pane.element));
    drawer.on("change", () => this.#draw());
  }

  #draw() {
    show(this.element, drawer.pane !== null);
    document.body.dataset.drawer = drawer.pane ?? "none";
    // In a narrow window the page scrolls, and the drawer may lie below what is seen.
    if (drawer.pane !== null) this.element.scrollIntoView({ block: "nearest" });
  }
}

/** A pane without a head of its own gets one. */
function headed(title, pane) {
  pane.element.prepend(h("div", { class: "pane-head" }, h("h2", { class: "pane-title" }, title),
    h("span", { class: "spacer" }), iconButton("close", "Close (Escape)", () => drawer.open(null))));
  return pane;
}

/** The one drawer of the page. */
export const drawerPanel = new DrawerPanel();
