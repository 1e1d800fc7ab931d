/**
 * What the list of segments lists: which of the chosen level, in which order, as rows, as a grid of stills or as a
 * table. Knows no element of the page.
 *
 * Events: `change` (criteria, order or layout).
 */
import { Emitter } from "../toolkit/emitter.js";
import { session } from "../video/session.js";
import { view } from "../video/view.js";
import { words } from "../video/words.js";
import { shownSegments } from "../results/tuning.js";
import { ANY, matching, narrows, sorted, textReader } from "./filtering.js";

const IN_TIME = Object.freeze({ column: "start", descending: false });

class Listing extends Emitter {
  constructor() {
    super();
    /** @type {"list" | "grid" | "table"} */
    this.layout = "list";
    this.#reset();
    session.on("opened", () => {
      this.#reset();
      this.emit("change");
    });
    words.on("words", () => this.criteria.text && this.emit("change"));
  }

  #reset() {
    this.criteria = ANY;
    this.sort = IN_TIME;
  }

  /** All segments of the level, also those that are not listed. */
  get segments() {
    return shownSegments(view.level);
  }

  /** Whether some segments may be left out. */
  get narrowed() {
    return narrows(this.criteria);
  }

  /** @param {object} changed some of the criteria (filtering.js) */
  narrow(changed) {
    this.criteria = { ...this.criteria, ...changed };
    this.emit("change");
  }

  clear() {
    this.criteria = ANY;
    this.emit("change");
  }

  /** @param {"list" | "grid" | "table"} layout only a table is in another order than that of time */
  show(layout) {
    if (layout === this.layout) return;
    this.layout = layout;
    if (layout !== "table") this.sort = IN_TIME;
    this.emit("change");
  }

  /** Order by a column; by the same one again: from the other end. */
  sortBy(column) {
    this.sort = { column, descending: this.sort.column === column && !this.sort.descending };
    this.emit("change");
  }

  /** Places of what is listed in its level, in the order of the list. @returns {number[]} */
  get places() {
    const { segments, criteria, sort } = this;
    const made = this.made;
    if (made?.segments === segments && made.criteria === criteria && made.sort === sort
      && (made.status === words.status || !criteria.text)) return made.places;
    const places = sorted(matching(segments, criteria, this.#reader()), segments, sort);
    const slots = new Map(places.map((place, slot) => [place, slot]));
    this.made = { segments, criteria, sort, status: words.status, places, slots };
    return places;
  }

  /** Where in the list a segment stands; undefined where it is not listed. */
  slotOf(place) {
    return this.places && this.made.slots.get(place);
  }

  #reader() {
    if (this.readerOf !== words.status) {
      this.readerOf = words.status;
      this.reader = textReader(words.items);
    }
    return this.reader;
  }
}

export const listing = new Listing();
