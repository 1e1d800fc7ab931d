/** The tooltip of a segment: its still, times, the evidence of the boundary it begins with, its sound and its tags. */
import { fill, h, show } from "../toolkit/dom.js";
import { clock, duration, percent } from "../toolkit/format.js";
import { thumbnailUrl } from "../api/requests.js";
import { AT_ONCE, kindName } from "../video/names.js";
import { session } from "../video/session.js";

/** Distance to the pointer, the timeline and the window's edges. */
const GAP_PX = 12;

/** A boundary with a longer extent is shown with its two times. */
const GRADUAL_FROM_S = 0.001;

/** Kinds of sound with a smaller share of the segment are left out. */
const LEAST_SHARE = 0.05;

const TAGS_SHOWN = 3;

function meter(name, value) {
  if (value === null || value === undefined) return null;
  return h("div", { class: "meter" }, h("span", {}, name),
    h("span", { class: "meter-bar" }, h("i", { style: { width: `${Math.round(Math.min(1, value) * 100)}%` } })),
    h("span", { class: "meter-value" }, percent(value)));
}

function boundaryPart(boundary) {
  if (!boundary) return null;
  if (boundary.kind === "start") return h("p", { class: "tip-line" }, "Begins with the video");
  const gradual = boundary.to_s - boundary.from_s > GRADUAL_FROM_S && !AT_ONCE.has(boundary.kind);
  return h("div", { class: "tip-boundary" },
    h("p", { class: "tip-line" }, "Begins with ", h("span", { class: "kind", dataset: { kind: boundary.kind } },
      kindName(boundary.kind))),
    gradual && h("p", { class: "tip-times" }, `${clock(boundary.from_s)} – ${clock(boundary.to_s)}`),
    meter("Confidence", boundary.confidence), meter("Picture", boundary.visual), meter("Sound", boundary.audio),
    meter("New scene", boundary.scene_probability));
}

function soundLine(audio) {
  if (!audio) return null;
  const shares = ["speech", "singing", "music", "silence"].filter((kind) => (audio[kind] ?? 0) >= LEAST_SHARE)
    .map((kind) => `${kind} ${percent(audio[kind])}`);
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

/** One element for the whole page, filled again for each segment. */
export class Tooltip {
  constructor() {
    this.element = h("div", { class: "tooltip", role: "tooltip", id: "segment-tooltip", hidden: true });
    document.body.append(this.element);
    this.shown = null;
  }

  /**
   * @param {any} segment
   * @param {{x: number, top: number, bottom: number}} place in px of the window: centred on x, above top, or below
   *   bottom where there is no room above
   */
  showSegment(segment, place) {
    if (this.shown !== segment) {
      this.shown = segment;
      const url = thumbnailUrl(session.id, segment);
      const name = `${segment.level} ${segment.index + 1}`;
      fill(this.element, url && h("img", { class: "tip-picture", src: url, alt: "",
        on: { error: (event) => event.target.remove() } }),
        h("div", { class: "tip-text" }, h("p", { class: "tip-title" }, h("strong", {}, name),
          segment.label ? ` ${segment.label}` : ""),
          h("p", { class: "tip-times" }, `${clock(segment.start_s)} – ${clock(segment.end_s)}`,
            h("span", {}, ` ${duration(segment.end_s - segment.start_s)}`)),
          boundaryPart(segment.start_boundary), soundLine(segment.audio), tagLine(segment.visual)));
    }
    show(this.element, true);
    const { offsetWidth: width, offsetHeight: height } = this.element;
    const left = Math.min(Math.max(GAP_PX, place.x - width / 2), window.innerWidth - width - GAP_PX);
    const above = place.top - height - GAP_PX;
    const top = above >= GAP_PX ? above : Math.min(place.bottom + GAP_PX, window.innerHeight - height - GAP_PX);
    this.element.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  hide() {
    this.shown = null;
    show(this.element, false);
  }
}
