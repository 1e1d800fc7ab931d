/** The row of stills: the timeline is divided into slots as wide as a picture, each shows its middle's shot. */
import { h } from "../toolkit/dom.js";
import { connection } from "../api/connection.js";
import { thumbnailUrl } from "../api/requests.js";
import { indexAt } from "../video/segments.js";
import { session } from "../video/session.js";
import { aspectRatio } from "../video/shape.js";
import { stillOf } from "./stills.js";
import { zoom } from "./zoom.js";

/** Pictures to the left and right of the visible ones that exist as well, so that scrolling shows no gaps. */
const SPARE_PICTURES = 2;

/** Limits of a picture's aspect ratio and width, so that odd formats still give pictures. */
const MIN_RATIO = 0.5;
const MAX_RATIO = 2.4;
const NARROWEST_PX = 24;

/** Width to height of a picture whose size is not known. */
const ASSUMED_RATIO = 16 / 9;

/** The row's element and the pictures in it. */
export class Filmstrip {
  constructor() {
    this.element = h("div", { class: "tl-film", "aria-hidden": "true" });
    /** @type {Map<string, HTMLElement>} */
    this.pictures = new Map();
    /** Addresses of stills that did not come; they are asked for again after the server was away. */
    this.missing = new Set();
    /** What was drawn last: scrollPx, widthPx. */
    this.drawn = [0, 0];
    session.on("opened", () => this.missing.clear());
    connection.on("change", (lost) => !lost && this.missing.clear());
  }

  clear() {
    this.pictures.clear();
    this.element.replaceChildren();
  }

  /**
   * Create and remove pictures for the visible part.
   * @param {number} scrollPx its left edge on the wide element
   * @param {number} widthPx its width
   */
  draw(scrollPx, widthPx) {
    const { shot } = session.segments;
    this.drawn = [scrollPx, widthPx];
    const heightPx = this.element.clientHeight;
    if (!shot.length || !heightPx) {
      this.clear();
      return;
    }
    const ratio = aspectRatio(session.video?.media) ?? ASSUMED_RATIO;
    const slotPx = Math.max(NARROWEST_PX, Math.round(heightPx * Math.min(Math.max(ratio, MIN_RATIO), MAX_RATIO)));
    const first = Math.max(0, Math.floor(scrollPx / slotPx) - SPARE_PICTURES);
    const last = Math.min(Math.ceil(zoom.widthPx / slotPx), Math.ceil((scrollPx + widthPx) / slotPx) + SPARE_PICTURES);
    const kept = new Map();
    for (let place = first; place < last; place += 1) {
      const middleS = zoom.toS(Math.min((place + 0.5) * slotPx, zoom.widthPx - 1));
      const at = indexAt(shot, middleS);
      if (at < 0 || middleS > shot[at].end_s) continue;
      const still = stillOf(shot, at, (one) => thumbnailUrl(session.id, one), this.missing);
      if (!still) continue;
      const key = `${place}|${slotPx}|${still.url}|${still.lentBy}`;
      const picture = this.pictures.get(key) ?? this.#picture(still, place * slotPx, slotPx);
      kept.set(key, picture);
    }
    for (const [key, picture] of this.pictures) if (!kept.has(key)) picture.remove();
    for (const picture of kept.values()) if (!picture.isConnected) this.element.append(picture);
    this.pictures = kept;
  }

  /** A picture that does not come is drawn anew with that of another shot. */
  #picture({ url, lentBy }, leftPx, widthPx) {
    return h("img", { src: url, alt: "", loading: "lazy", draggable: "false", class: lentBy === null ? null : "lent",
      title: lentBy === null ? null : `There is no still of this shot: this one is of shot ${lentBy + 1}.`,
      style: { left: `${leftPx}px`, width: `${widthPx}px` },
      on: { error: () => {
        this.missing.add(url);
        this.draw(...this.drawn);
      } } });
  }
}
