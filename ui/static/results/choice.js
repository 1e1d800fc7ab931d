/**
 * The segments of one level that are chosen together: to be cut, exported or joined. While the result is corrected, a
 * choice begins at the selected boundary and ends when another is selected; else it stays until it is cleared. Knows no
 * element of the page.
 *
 * Events: `change`.
 */
import { Emitter } from "../toolkit/emitter.js";
import { indexAt } from "../video/segments.js";
import { session } from "../video/session.js";
import { editor } from "../editing/editor.js";
import { transport } from "../player/transport.js";
import { boundary } from "./boundary.js";
import { shownSegments, tuning } from "./tuning.js";

class Choice extends Emitter {
  constructor() {
    super();
    this.#forget();
    this.editing = false;
    boundary.on("change", () => editor.active && this.clear());
    editor.on("change", () => this.#followEditor());
    tuning.on("change", () => this.#check());
    session.on("segments", () => this.#check());
    session.on("opened", () => this.clear());
  }

  #forget() {
    /** @type {"chapter" | "scene" | "shot" | null} */
    this.level = null;
    this.#take([]);
    /** Start frame from which a choice is extended, and index to which it reaches. */
    this.anchor = null;
    this.end = -1;
  }

  #take(frames) {
    /** @type {number[]} start frames, in order */
    this.frames = frames.sort((one, other) => one - other);
    this.taken = new Set(frames);
  }

  /** Whether segments can be chosen: those of a video in work change from moment to moment. */
  get available() {
    return session.segmentsRevision > 0;
  }

  get any() {
    return this.frames.length > 0;
  }

  /** Whether more than one segment is chosen. */
  get several() {
    return this.frames.length > 1;
  }

  has(level, frame) {
    return level === this.level && this.taken.has(frame);
  }

  /** Whether the page shows the stored result, whose segments can be cut and exported: no draft, and no try. */
  get stored() {
    return shownSegments("chapter") === session.segments.chapter;
  }

  /** Numbers of the chosen segments in the stored result, ascending. */
  get indices() {
    if (!this.any) return [];
    return session.segments[this.level].filter((segment) => this.taken.has(segment.start_frame))
      .map((segment) => segment.index);
  }

  clear() {
    if (!this.any) return;
    this.#forget();
    this.emit("change");
  }

  /** Choose these, and no others. @param {number[]} indices of segments that are shown, in any order */
  choose(level, indices) {
    if (!this.available) return;
    const segments = shownSegments(level);
    this.level = level;
    this.#take(indices.map((index) => segments[index].start_frame));
    this.anchor = this.frames[0] ?? null;
    this.end = indices[indices.length - 1] ?? -1;
    this.emit("change");
  }

  /** Choose one more, or no longer. A choice of another level ends. */
  toggle(level, index) {
    const segment = shownSegments(level)[index];
    if (!segment || !this.available) return;
    const frame = segment.start_frame;
    const kept = level === this.level ? this.frames.filter((each) => each !== frame) : [];
    const added = !this.has(level, frame);
    this.level = level;
    this.#take(added ? [...kept, frame] : kept);
    this.anchor = frame;
    this.end = index;
    this.emit("change");
  }

  /**
   * Choose everything from the anchor to this one.
   * @param {number[]} [order] indices of the segments that are listed, in the order of the list; without it, all
   */
  extendTo(level, index, order = shownSegments(level).map((_, place) => place)) {
    if (!this.available) return;
    const segments = shownSegments(level);
    if (!segments[index]) return;
    const anchor = this.#anchorOf(level, index);
    const [from, to] = [order.indexOf(anchor), order.indexOf(index)];
    const run = from < 0 || to < 0 ? [index] : order.slice(Math.min(from, to), Math.max(from, to) + 1);
    this.level = level;
    this.anchor = segments[anchor].start_frame;
    this.end = index;
    this.#take(run.map((place) => segments[place].start_frame));
    this.emit("change");
  }

  /** While corrected, the selected boundary; else the segment that was chosen last, or the selected one. */
  #anchorOf(level, index) {
    if (editor.active && boundary.level !== level) boundary.select(level, index);
    const chosen = editor.active || this.level !== level ? -1
      : shownSegments(level).findIndex((segment) => segment.start_frame === this.anchor);
    if (chosen >= 0) return chosen;
    return boundary.level === level && boundary.index >= 0 ? boundary.index : index;
  }

  /** Extend or shorten it by one segment. */
  step(direction) {
    if (boundary.level === null) boundary.openHere();
    else this.extendTo(boundary.level, (this.several ? this.end : boundary.index) + direction);
  }

  /** Choose the segment at the position one more, or no longer. */
  toggleHere(level) {
    this.toggle(level, Math.max(0, indexAt(shownSegments(level), transport.time)));
  }

  /** What was chosen in a draft ends with it; what was chosen before can be joined in it. */
  #followEditor() {
    const left = this.editing && !editor.active;
    this.editing = editor.active;
    if (left) this.clear();
    else this.#check();
  }

  /** Segments that are gone are chosen no longer; a draft that has lost one has done what it was chosen for. */
  #check() {
    if (!this.any) return;
    const there = new Set(shownSegments(this.level).map((segment) => segment.start_frame));
    const left = this.frames.filter((frame) => there.has(frame));
    if (left.length === this.frames.length) return;
    if (editor.active || left.length === 0) {
      this.clear();
      return;
    }
    this.#take(left);
    this.emit("change");
  }
}

export const choice = new Choice();
