/**
 * The presets of the person who uses the page, by name. Emits `change` when they have been read. Knows their names only.
 */
import { Emitter } from "../toolkit/emitter.js";
import { ApiError, listPresets } from "../api/requests.js";

class OwnPresets extends Emitter {
  constructor() {
    super();
    /** @type {string[]} */
    this.names = [];
  }

  /** Read them. Without an answer the page offers those it had. */
  async load() {
    try {
      const { items } = await listPresets();
      this.names = items.filter((preset) => preset.own).map((preset) => preset.name);
      this.emit("change");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      console.info("own presets could not be read:", error.message);
    }
  }
}

export const ownPresets = new OwnPresets();
