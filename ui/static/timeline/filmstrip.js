/** Stills along the timeline: one for every width of a picture, of the shot that is there. */
import { h } from "../toolkit/dom.js";
import { thumbnailUrl } from "../api/requests.js";
import { indexAt } from "../video/segments.js";
import { session } from "../video/session.js";
import { zoom } from "./zoom.js";

/** A little more than what can be seen, so that scrolling does not show gaps at once. */
const SPARE_PICTURES = 2;

/** How far a shot without a still of its own looks for one. */
const NEIGHBOURS = 3;

/** The still of a shot, or of the nearest one that has any: shots of a few frames have none. */
function nearestStill(shots, place) {
  for (let distance = 0; distance <= NEIGHBOURS; distance += 1) {
    for (const neighbour of [shots[place - distance], shots[place + distance]]) {
      const url = neighbour && thumbnailUrl(session.id, neighbour);
      if (url) return url;
    }
  }
  return null;
}

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

  /** @param {number} scrollPx @param {number} widthPx what can be seen of the wide element */
  draw(scrollPx, widthPx) {
    const { shot } = session.segments;
    const media = session.video?.media;
    const height = this.element.clientHeight;
    if (!shot.length || !height) {
      this.clear();
      return;
    }
    const turned = Math.abs(media?.rotation ?? 0) % 180 === 90;
    const ratio = media?.width ? (turned ? media.height / media.width : media.width / media.height) : 16 / 9;
    const slot = Math.max(24, Math.round(height * Math.min(Math.max(ratio, 0.5), 2.4)));
    const first = Math.max(0, Math.floor(scrollPx / slot) - SPARE_PICTURES);
    const last = Math.min(Math.ceil(zoom.widthPx / slot), Math.ceil((scrollPx + widthPx) / slot) + SPARE_PICTURES);
    const kept = new Map();
    for (let place = first; place < last; place += 1) {
      const middle = zoom.toS((place + 0.5) * slot);
      const at = indexAt(shot, middle);
      if (at < 0 || middle > shot[at].end_s) continue;
      const url = nearestStill(shot, at);
      if (!url) continue;
      const key = `${place}|${slot}|${url}`;
      const picture = this.pictures.get(key) ?? h("img", { src: url, alt: "", loading: "lazy", draggable: "false",
        style: { left: `${place * slot}px`, width: `${slot}px` },
        on: { error: (event) => { event.target.style.visibility = "hidden"; } } });
      kept.set(key, picture);
    }
    for (const [key, picture] of this.pictures) if (!kept.has(key)) picture.remove();
    for (const picture of kept.values()) if (!picture.isConnected) this.element.append(picture);
    this.pictures = kept;
  }
}
