/** The row of stills: the timeline is divided into slots as wide as a picture, each shows its middle's shot. */
import { h } from "../toolkit/dom.js";
import { thumbnailUrl } from "../api/requests.js";
import { indexAt } from "../video/segments.js";
import { session } from "../video/session.js";
import { aspectRatio } from "../video/shape.js";
import { zoom } from "./zoom.js";

/** Pictures to the left and right of the visible ones that exist as well, so that scrolling shows no gaps. */
const SPARE_PICTURES = 2;

/** Limits of a picture's aspect ratio and width, so that odd formats still give pictures. */
const MIN_RATIO = 0.5;
const MAX_RATIO = 2.4;
const NARROWEST_PX = 24;

/** Width to height of a picture whose size is not known. */
const ASSUMED_RATIO = 16 / 9;

/** A shot without a still takes that of a shot at most so many before or after it. */
const NEIGHBOURS = 3;

/** The still of a shot, or of the nearest shot that has one: shots of a few frames have none. */
function nearestStill(shots, place) {
  for (let distance = 0; distance <= NEIGHBOURS; distance += 1) {
    for (const neighbour of [shots[place - distance], shots[place + distance]]) {
      const url = neighbour && thumbnailUrl(session.id, neighbour);
      if (url) return url;
    }
  }
  return null;
}

/** The row's element and the pictures in it. */
export class Filmstrip {
  constructor() {
    this.element = h("div", { class: "tl-film", "aria-hidden": "true" });
    /** @type {Map<string, HTMLElement>} */
    this.pictures = new Map();
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
      const url = nearestStill(shot, at);
      if (!url) continue;
      const key = `${place}|${slotPx}|${url}`;
      const picture = this.pictures.get(key) ?? h("img", { src: url, alt: "", loading: "lazy", draggable: "false",
        style: { left: `${place * slotPx}px`, width: `${slotPx}px` },
        on: { error: (event) => { event.target.style.visibility = "hidden"; } } });
      kept.set(key, picture);
    }
    for (const [key, picture] of this.pictures) if (!kept.has(key)) picture.remove();
    for (const picture of kept.values()) if (!picture.isConnected) this.element.append(picture);
    this.pictures = kept;
  }
}
