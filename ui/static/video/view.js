/** What the person chose to look at: the level that the list shows and that the arrow keys walk along. */
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
