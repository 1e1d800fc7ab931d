/**
 * The API's codes (levels, boundary kinds, video states, presets) and the English names that the page shows for
 * them. Pure data.
 */

/** From coarse to fine; this is the order in which they are shown. */
export const LEVELS = ["chapter", "scene", "shot"];
export const LEVEL_NAMES = { chapter: "Chapters", scene: "Scenes", shot: "Shots" };

/** Kinds of boundaries, in the order of the legend. */
export const KINDS = {
  start: "start",
  cut: "cut",
  jump: "jump cut",
  dissolve: "dissolve",
  fade: "fade",
  wipe: "wipe",
  audio: "sound change",
};

/** Kinds of boundaries that lie between two frames: they have no extent to be drawn. */
export const AT_ONCE = new Set(["start", "cut", "jump"]);

/** The name of a boundary's kind; a kind that this page does not know yet is shown as its code. */
export const kindName = (kind) => KINDS[kind] ?? String(kind ?? "");

/** States of a video, or of an order of clips, that only a request of a person changes again. */
export const TERMINAL = new Set(["done", "failed", "cancelled"]);

/** States of a video, and of an order of clips. */
export const STATE_NAMES = {
  queued: "Queued",
  running: "Analysing",
  finalizing: "Finishing",
  done: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
};

/** Presets of the analysis settings, without the default. */
export const PRESET_NAMES = {
  film: "Film", talk: "Talk", news: "News", sports: "Sports", music: "Music", screencast: "Screencast",
};
