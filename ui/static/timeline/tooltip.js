/** The tooltip of a segment: its still, times, the evidence of the boundary it begins with, its sound and its tags. */
import { fill, h, show } from "../toolkit/dom.js";
import { clock, duration, share } from "../toolkit/format.js";
import { thumbnailUrl } from "../api/requests.js";
import { AT_ONCE, cueOf, kindName, nameOf, OPEN_END } from "../video/names.js";
import { session } from "../video/session.js";
import { meters } from "../results/evidence.js";

/** Distance to the window's edges, and to what it must leave free. */
const GAP_PX = 12;

/** A boundary with a longer extent is shown with its two times. */
const GRADUAL_FROM_S = 0.001;

/** Kinds of sound with a smaller share of the segment are left out. */
const LEAST_SHARE = 0.05;

const KEYWORDS_SHOWN = 4;

const TAGS_SHOWN = 3;

function boundaryPart(boundary) {
  if (!boundary) return null;
  if (boundary.kind === "start") return h("p", { class: "tip-line" }, "Begins with the video");
  if (boundary.kind === OPEN_END) {
    return h("p", { class: "tip-line" }, "Still open: where it begins is known when all parts are analysed");
  }
  const gradual = boundary.to_s - boundary.from_s > GRADUAL_FROM_S && !AT_ONCE.has(boundary.kind);
  return h("div", { class: "tip-boundary" },
    h("p", { class: "tip-line" }, "Begins with ", h("span", { class: "kind", dataset: { kind: boundary.kind } },
      kindName(boundary.kind))),
    gradual && h("p", { class: "tip-times" }, `${clock(boundary.from_s)} – ${clock(boundary.to_s)}`),
    meters(boundary));
}

function soundLine(audio) {
  if (!audio) return null;
  const shares = ["speech", "singing", "music", "silence"].filter((kind) => (audio[kind] ?? 0) >= LEAST_SHARE)
    .map((kind) => `${kind} ${share(audio[kind])}`);
  if (audio.loudness_lufs !== null && audio.loudness_lufs !== undefined) {
    shares.push(`${audio.loudness_lufs.toFixed(1)} LUFS`);
  }
  return shares.length ? h("p", { class: "tip-facts" }, shares.join(" · ")) : null;
}

/** The most probable tags of the keyframe. */
function tagLine(visual) {
  const words = (visual?.tags ?? []).slice(0, TAGS_SHOWN).map((tag) => tag.label).filter(Boolean);
  return words.length ? h("p", { class: "tip-facts" }, words.join(", ")) : null;
}

/** What the segment is for, and the keywords of what is said in it. */
function nameLine(segment) {
  const told = [cueOf(segment), ...(segment.keywords ?? []).slice(0, KEYWORDS_SHOWN)].filter(Boolean);
  return told.length ? h("p", { class: "tip-facts", dir: "auto" }, told.join(" · ")) : null;
}

/** One element for the whole page, filled again for each segment. */
export class Tooltip {
  constructor() {
    this.element = h("div", { class: "tooltip", role: "tooltip", id: "segment-tooltip", hidden: true });
    document.body.append(this.element);
    this.shown = null;
  }

  /**
   * Show it above what must stay free: elements with `data-uncovered`, such as the transport and the legend.
   * @param {any} segment
   * @param {number} xPx its middle, from the left edge of the window
   */
  showSegment(segment, xPx) {
    if (this.shown !== segment) {
      this.shown = segment;
      const url = thumbnailUrl(session.id, segment);
      const name = `${segment.level} ${segment.index + 1}`;
      fill(this.element, url && h("img", { class: "tip-picture", src: url, alt: "",
        on: { error: (event) => event.target.remove() } }),
        h("div", { class: "tip-text" }, h("p", { class: "tip-title", dir: "auto" }, h("strong", {}, name),
          nameOf(segment) ? ` ${nameOf(segment)}` : ""),
          h("p", { class: "tip-times" }, `${clock(segment.start_s)} – ${clock(segment.end_s)}`,
            h("span", {}, ` ${duration(segment.end_s - segment.start_s)}`)),
          boundaryPart(segment.start_boundary), soundLine(segment.audio), tagLine(segment.visual), nameLine(segment)));
    }
    show(this.element, true);
    const { offsetWidth: width, offsetHeight: height } = this.element;
    const left = Math.max(GAP_PX, Math.min(xPx - width / 2, freeTo(width) - width - GAP_PX));
    const top = Math.min(Math.max(GAP_PX, freeFrom() - height - GAP_PX), window.innerHeight - height - GAP_PX);
    this.element.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  hide() {
    this.shown = null;
    show(this.element, false);
  }
}

/** Right edge of where a tip of this width may stand: beside an open drawer, where there is room beside it. */
function freeTo(width) {
  const { left = 0, height = 0 } = document.querySelector(".drawer")?.getBoundingClientRect() ?? {};
  return height > 0 && left > width + 2 * GAP_PX ? left : window.innerWidth;
}

/** Top edge of what must stay free, in px of the window; what is scrolled out of the window does not count. */
function freeFrom() {
  const tops = [...document.querySelectorAll("[data-uncovered]")].map((element) => element.getBoundingClientRect())
    .filter(({ top, height }) => height > 0 && top > 0).map(({ top }) => top);
  return Math.min(...tops, window.innerHeight);
}
