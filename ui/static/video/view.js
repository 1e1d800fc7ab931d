/**
 * The level that is chosen on the page: the list shows its segments, and "previous" and "next" go to its boundaries.
 *
 * Events: `level`.
 */
import { Emitter } from "../toolkit/emitter.js";

class View extends Emitter {
  constructor() {
    super();
    this.level = "shot";
  }

  /** @param {"chapter" | "scene" | "shot"} level */
  choose(level) {
    if (level === this.level) return;
    this.level = level;
    this.emit("level", level);
  }
}

export const view = new View();
