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

/**
 * The page's own kind of boundary, of a shot of a video in work that begins where the analysis of a part began: nobody
 * knows yet whether a shot begins there (open-ends.js). The API has no such kind, since no result has one.
 */
export const OPEN_END = "open";

/** Kinds of boundaries that lie between two frames: they have no extent to be drawn. */
export const AT_ONCE = new Set(["start", "cut", "jump", OPEN_END]);

/** Kinds that are no change from one segment to the next, and have no confidence. */
export const NO_CHANGE = new Set(["start", OPEN_END]);

/** The name of a boundary's kind; a kind that this page does not know yet is shown as its code. */
export const kindName = (kind) => (kind === OPEN_END ? "open end" : KINDS[kind] ?? String(kind ?? ""));

/** By what search found a moment. */
export const SOURCE_NAMES = { speech: "said", screen: "shown", title: "title", tag: "seen", name: "name" };

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

/** What a segment is called: the title that its words or its text on screen give, else the class of its sound. */
export const nameOf = (segment) =>
  (segment.title && segment.title_source !== "class" ? segment.title : segment.label) || "";

/** What a segment is for where that is not its content, as "credits"; else empty. */
export const cueOf = (segment) => (segment.role && segment.role !== "content" ? segment.role : "");
