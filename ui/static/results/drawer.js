/**
 * Which pane of the drawer is open: at most one of Adjust, Revisions, Clips and Boundary, so that they do not take the picture's
 * room together. Knows no pane.
 *
 * Events: `change`.
 */
import { Emitter } from "../toolkit/emitter.js";
import { session } from "../video/session.js";

class Drawer extends Emitter {
  constructor() {
    super();
    /** @type {"adjust" | "revisions" | "clips" | "boundary" | null} */
    this.pane = null;
    session.on("opened", () => this.open(null));
    session.on("missing", () => this.open(null));
  }

  /** @param {"adjust" | "revisions" | "clips" | "boundary" | null} pane null closes the drawer */
  open(pane) {
    if (pane === this.pane) return;
    this.pane = pane;
    this.emit("change");
  }

  /** Close this pane if it is the open one. */
  close(pane) {
    if (this.pane === pane) this.open(null);
  }

  toggle(pane) {
    this.open(this.pane === pane ? null : pane);
  }
}

export const drawer = new Drawer();
