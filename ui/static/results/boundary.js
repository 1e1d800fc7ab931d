/**
 * The boundary that is selected, with the segment that begins there: the timeline marks it, the drawer shows it. Which
 * boundaries have been looked at since the video was opened is kept, so that a person can go through the doubtful ones.
 * Knows no element of the page.
 *
 * Events: `change` (another boundary or none is selected, or its segment has changed).
 */
import { Emitter } from "../toolkit/emitter.js";
import { indexAt } from "../video/segments.js";
import { session } from "../video/session.js";
import { view } from "../video/view.js";
import { editor } from "../editing/editor.js";
import { transport } from "../player/transport.js";
import { leastCertain } from "./certainty.js";
import { drawer } from "./drawer.js";
import { shownSegments, tuning } from "./tuning.js";

class Boundary extends Emitter {
  constructor() {
    super();
    this.#reset();
    session.on("opened", () => {
      this.#reset();
      this.emit("change");
    });
    session.on("segments", () => this.#refresh());
    tuning.on("change", () => this.#refresh());
    editor.on("change", () => this.#refresh());
    view.on("level", () => this.#followLevel());
  }

  #reset() {
    /** @type {"chapter" | "scene" | "shot" | null} null: nothing is selected */
    this.level = null;
    /** Place of the selected segment in its level. */
    this.index = -1;
    /** The selected segment, as it was when it was selected or last found again. */
    this.segment = null;
    /** @type {Set<string>} */
    this.looked = new Set();
  }

  /** The segments of the selected level that the page shows. */
  get segments() {
    return this.level ? shownSegments(this.level) : [];
  }

  /** The segment that ends where the selected one begins, or null. */
  get before() {
    return this.segments[this.index - 1] ?? null;
  }

  /** How many boundaries of the level nobody has looked at. */
  get left() {
    const level = this.level ?? view.level;
    return shownSegments(level).filter((segment, place) => place > 0 && !this.looked.has(keyOf(segment))).length;
  }

  /** Select a boundary; the position stays, and whether it has been looked at is not decided by this. */
  select(level, index) {
    const segment = shownSegments(level)[index] ?? null;
    this.level = segment ? level : null;
    this.index = segment ? index : -1;
    this.segment = segment;
    this.emit("change");
  }

  /** Select a boundary, go there and show it in the drawer. */
  open(level, index) {
    const segment = shownSegments(level)[index];
    if (!segment) return;
    this.looked.add(keyOf(segment));
    this.level = level; // choosing it is no reason to follow it
    view.choose(level);
    this.select(level, index);
    drawer.open("boundary");
    transport.seek(segment.start_s);
  }

  /** Open the boundary with which the segment at the position begins. */
  openHere() {
    this.open(view.level, indexHere());
  }

  /** Open the next (+1) or previous (-1) one of the level. */
  step(direction) {
    const { segments } = this;
    if (segments.length) this.open(this.level, Math.min(Math.max(this.index + direction, 0), segments.length - 1));
  }

  /** Open the least certain one of the level that nobody has looked at; does nothing where all have been looked at. */
  openDoubtful() {
    const level = this.level ?? view.level;
    const index = leastCertain(shownSegments(level), (segment) => this.looked.has(keyOf(segment)));
    if (index >= 0) this.open(level, index);
  }

  /** The selected boundary is about to be moved: with the segments that come next it stands at this frame. */
  expect(frame) {
    if (this.segment) this.segment = { ...this.segment, start_frame: frame };
  }

  /** The open pane shows the chosen level, at the position. */
  #followLevel() {
    if (drawer.pane !== "boundary" || this.level === view.level) return;
    const segment = shownSegments(view.level)[indexHere()];
    if (segment) this.looked.add(keyOf(segment));
    this.select(view.level, indexHere());
  }

  /** After other segments have come: the same boundary, where there still is one. */
  #refresh() {
    if (this.level === null) return;
    const index = this.segments.findIndex((segment) => segment.start_frame === this.segment.start_frame);
    if (index < 0) this.select(this.level, -1);
    else if (this.segments[index] !== this.segment || index !== this.index) this.select(this.level, index);
  }
}

/** Index of the segment of the chosen level at the position. */
const indexHere = () => Math.max(0, indexAt(shownSegments(view.level), transport.time));

const keyOf = (segment) => `${segment.level}|${segment.start_frame}`;

export const boundary = new Boundary();
