/**
 * Several neighbouring segments of a level that are chosen together, to be joined: from the selected one to the one to
 * which the choice was extended. Knows no element of the page.
 *
 * Events: `change`.
 */
import { Emitter } from "../toolkit/emitter.js";
import { session } from "../video/session.js";
import { editor } from "../editing/editor.js";
import { boundary } from "./boundary.js";
import { shownSegments } from "./tuning.js";

class Choice extends Emitter {
  constructor() {
    super();
    this.level = null;
    /** @type {number[]} start frames, in order */
    this.frames = [];
    /** Index to which the choice reaches; the other end is the selected segment. */
    this.end = -1;
    boundary.on("change", () => this.clear());
    editor.on("change", () => this.#check());
    session.on("opened", () => this.clear());
  }

  /** Whether more than one segment is chosen. */
  get several() {
    return this.frames.length > 1;
  }

  has(level, frame) {
    return this.several && level === this.level && this.frames.includes(frame);
  }

  clear() {
    if (this.frames.length === 0) return;
    this.frames = [];
    this.end = -1;
    this.emit("change");
  }

  /** Choose everything between the selected segment and this one; without a selected one, this one is selected. */
  extendTo(level, index) {
    if (boundary.level !== level) boundary.select(level, index);
    const segments = shownSegments(level);
    if (index < 0 || index >= segments.length) return;
    const [first, last] = [Math.min(boundary.index, index), Math.max(boundary.index, index)];
    this.level = level;
    this.end = index;
    this.frames = segments.slice(first, last + 1).map((segment) => segment.start_frame);
    this.emit("change");
  }

  /** Extend or shorten it by one segment. */
  step(direction) {
    if (boundary.level === null) boundary.openHere();
    else this.extendTo(boundary.level, (this.several ? this.end : boundary.index) + direction);
  }

  /** Segments that are gone from the draft are chosen no longer. */
  #check() {
    if (!this.several) return;
    const there = new Set(shownSegments(this.level).map((segment) => segment.start_frame));
    if (!editor.active || this.frames.some((frame) => !there.has(frame))) this.clear();
  }
}

export const choice = new Choice();
