/** The levels, the kinds of boundaries, the states and the presets, as the API and as people call them. Pure. */

export const LEVELS = ["chapter", "scene", "shot"];
export const LEVEL_NAMES = { chapter: "Chapters", scene: "Scenes", shot: "Shots" };

/** What a boundary's kind means, for tooltips and the legend. */
export const KINDS = {
  start: "start of the video",
  cut: "cut",
  dissolve: "dissolve",
  fade: "fade",
  wipe: "wipe",
  audio: "sound change",
};

export const kindName = (kind) => KINDS[kind] ?? String(kind ?? "");

export const TERMINAL = new Set(["done", "failed", "cancelled"]);

/** A video's state as people call it. */
export const STATE_NAMES = {
  queued: "Queued",
  running: "Analysing",
  finalizing: "Finishing",
  done: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
};

export const PRESET_NAMES = {
  film: "Film", talk: "Talk", news: "News", sports: "Sports", music: "Music", screencast: "Screencast",
};
