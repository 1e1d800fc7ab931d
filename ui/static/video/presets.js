/**
 * The presets that the API has: names of those of the person who uses the page, and a sentence for each packaged one.
 * Emits `change` when they have been read. Knows no settings.
 */
import { Emitter } from "../toolkit/emitter.js";
import { ApiError, listPresets } from "../api/requests.js";

class Presets extends Emitter {
  constructor() {
    super();
    /** @type {string[]} of one's own */
    this.names = [];
    /** @type {Map<string, string>} by name, what a preset is for */
    this.sentences = new Map();
  }

  /** What a preset is for, in a sentence; empty where it is not known. */
  sentenceOf(name) {
    return this.sentences.get(name) ?? "";
  }

  /** Read them. Without an answer the page offers those it had. */
  async load() {
    try {
      const { items } = await listPresets();
      this.names = items.filter((preset) => preset.own).map((preset) => preset.name);
      this.sentences = new Map(items.map(({ name, own, based_on: basis, description }) =>
        [name, own ? `Your own, made from ${basis}.` : description ?? ""]));
      this.emit("change");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      console.info("presets could not be read:", error.message);
    }
  }
}

export const knownPresets = new Presets();
