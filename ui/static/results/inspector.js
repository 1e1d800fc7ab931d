/**
 * The drawer's pane for the selected boundary: the frames around it, what it is, how certain, by which cues, the curves
 * around it, and what can be done with the segment that begins there.
 *
 * What corrects a boundary puts its buttons into `corrections`.
 */
import { fill, h, iconButton, setText, show } from "../toolkit/dom.js";
import { clock, duration } from "../toolkit/format.js";
import { thumbnailUrl } from "../api/requests.js";
import { AT_ONCE, kindName, nameOf } from "../video/names.js";
import { session } from "../video/session.js";
import { trueTimes } from "../video/true-times.js";
import { editor } from "../editing/editor.js";
import { transport } from "../player/transport.js";
import { boundary } from "./boundary.js";
import { framesAround } from "./certainty.js";
import { drawer } from "./drawer.js";
import { hasCurves, meters, paintCurves } from "./evidence.js";
import { FrameReader } from "./frames.js";
import { SegmentActions } from "./segment-actions.js";

/** The curves show so much before and after the boundary, and of a long transition as much beside it. */
const AROUND_S = 5;

class Inspector {
  constructor() {
    this.button = h("button", { type: "button", class: "button tune-open", "aria-expanded": "false",
      "aria-controls": "boundary", on: { click: () => this.#toggle() } }, "Boundary");
    this.title = h("h2", { class: "pane-title" });
    this.doubtful = h("button", { type: "button", class: "button", title: "The least certain one that nobody has "
      + "looked at (N)", on: { click: () => boundary.openDoubtful() } }, "Next doubtful");
    this.frames = h("div", { class: "frames", role: "group", "aria-label": "Frames around the boundary" });
    this.note = h("p", { class: "quiet", role: "status" });
    this.facts = h("dl", { class: "facts" });
    this.meters = h("div", { class: "meters" });
    this.curves = h("canvas", { class: "curves", role: "img" });
    this.ends = h("div", { class: "curves-ends", "aria-hidden": "true" }, h("span", {}), h("span", {}));
    this.corrections = h("div", { class: "corrections", role: "group", "aria-label": "Correct the boundary" });
    this.actions = new SegmentActions();
    this.reader = new FrameReader();
    this.body = h("div", { class: "pane-body" }, this.frames, this.note, this.facts, this.meters,
      h("div", {}, this.curves, this.ends), this.corrections, this.actions.element);
    this.element = h("section", { class: "pane boundary", id: "boundary", "aria-label": "Boundary" },
      h("div", { class: "pane-head" }, this.title, h("span", { class: "spacer" }), this.doubtful,
        iconButton("previous", "Previous boundary of this level", () => boundary.step(-1)),
        iconButton("next", "Next boundary of this level", () => boundary.step(1)),
        iconButton("close", "Close (Escape)", () => drawer.open(null))), this.body);
    drawer.on("change", () => this.draw());
    boundary.on("change", () => this.draw());
    session.on("video", () => this.#offer());
    session.on("segments", () => this.#offer());
    session.on("signals", () => this.#drawCurves());
    // A proxy, whose frames can be read, comes long after the file's own could not be.
    transport.on("loaded", () => this.drawn && this.unread && this.#drawFrames(this.drawn));
    trueTimes.on("change", () => this.#checkFrames());
    new ResizeObserver(() => this.#drawCurves()).observe(this.curves);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#drawCurves());
    this.draw();
  }

  #toggle() {
    if (drawer.pane === "boundary") drawer.open(null);
    else boundary.openHere();
  }

  #offer() {
    show(this.button, session.finest.length > 0);
    if (this.shown) this.#countDoubtful();
  }

  get shown() {
    return drawer.pane === "boundary";
  }

  draw() {
    this.#offer();
    show(this.element, this.shown);
    this.button.setAttribute("aria-expanded", String(this.shown));
    if (!this.shown) {
      this.drawn = null;
      this.reader.close();
      return;
    }
    const { segment } = boundary;
    show(this.body, segment !== null);
    if (!segment) {
      this.drawn = null;
      setText(this.title, "No boundary is selected");
      return;
    }
    if (this.drawn === segment || editor.tried) return; // a drag shows its frames itself
    this.drawn = segment;
    const { start_boundary: start } = segment;
    fill(this.title, h("span", { class: "pane-level" }, `${segment.level} ${segment.index + 1}`), " ",
      h("span", { class: "quiet", dir: "auto" }, nameOf(segment)));
    fill(this.facts, ...factsOf(segment));
    fill(this.meters, start && start.kind !== "start" ? meters(start) : null);
    this.actions.draw(segment);
    this.#drawFrames(segment);
    this.#drawCurves();
  }

  #countDoubtful() {
    const { left } = boundary;
    setText(this.doubtful, left ? `Next doubtful (${left})` : "All looked at");
    this.doubtful.disabled = left === 0;
  }

  /** Frames of the file; where the browser cannot read them, the stills of the two segments. */
  async #drawFrames(segment) {
    this.unread = false;
    setText(this.note, "");
    show(this.frames, !session.soundOnly);
    if (session.soundOnly) {
      this.reader.close();
      fill(this.frames);
      return;
    }
    trueTimes.wish();
    const around = framesAround(segment, trueTimes.clock());
    this.around = around;
    const wanted = around.map((frame) => ({ ...frame, canvas: h("canvas", { class: "frame-picture" }) }));
    fill(this.frames, wanted.map(({ canvas, frame, side, timeS }) => h("figure", { class: "frame", dataset: { side } },
      h("button", { type: "button", class: "frame-go", "aria-label": `Show frame ${frame}, ${side} the boundary`,
        on: { click: () => transport.seek(timeS) } }, canvas),
      h("figcaption", {}, `${side} · ${frame}`))));
    this.frames.dataset.state = "reading";
    const read = await this.reader.draw(wanted);
    if (this.drawn !== segment || this.around !== around) return;
    this.frames.dataset.state = "read";
    this.unread = !read;
    if (!read) this.#drawStills(segment);
  }

  /** The exact times have come: frames that were estimated wrong are read again. */
  #checkFrames() {
    if (!this.drawn || session.soundOnly || editor.tried || session.finest.length === 0) return;
    const clock = trueTimes.clock();
    const right = framesAround(this.drawn, clock);
    const same = right.length === this.around.length && right.every(({ frame }, place) =>
      frame === this.around[place].frame && clock.exact?.frameAt(this.around[place].timeS) === frame);
    if (!same) this.#drawFrames(this.drawn);
  }

  #drawStills(segment) {
    const stills = [["before", boundary.before], ["after", segment]]
      .map(([side, of]) => [side, of && thumbnailUrl(session.id, of)]).filter(([, url]) => url);
    fill(this.frames, stills.map(([side, url]) => h("figure", { class: "frame", dataset: { side } },
      h("img", { class: "frame-picture", src: url, alt: `A still from ${side} the boundary`,
        on: { error: (event) => event.target.remove() } }), h("figcaption", {}, side))));
    setText(this.note, "This browser cannot read the frames of this file: these are stills of the two segments.");
  }

  #drawCurves() {
    const { segment } = boundary;
    if (!this.shown || !segment) return;
    const there = hasCurves();
    show(this.curves.parentElement, there);
    if (!there || this.curves.clientWidth === 0) return;
    const { at, from, to } = extentOf(segment);
    const aroundS = Math.max(AROUND_S, to - from);
    const fromS = Math.max(session.startS, at - aroundS);
    const toS = Math.min(session.endS, at + aroundS);
    paintCurves(this.curves, fromS, toS, { at, from, to });
    this.curves.setAttribute("aria-label", `Change of the picture and loudness from ${clock(fromS)} to ${clock(toS)}`);
    setText(this.ends.firstElementChild, clock(fromS, 1));
    setText(this.ends.lastElementChild, clock(toS, 1));
  }
}

function extentOf({ start_s: at, start_boundary: start }) {
  return { at, from: Math.min(at, start?.from_s ?? at), to: Math.max(at, start?.to_s ?? at) };
}

/** Kind, time and extent as terms and descriptions. */
function factsOf(segment) {
  const { start_boundary: start } = segment;
  const { at, from, to } = extentOf(segment);
  const pairs = [["Kind", h("span", { class: "kind", dataset: { kind: start?.kind ?? "start" } },
    kindName(start?.kind ?? "start"))], ["At", `${clock(at)} · frame ${segment.start_frame}`]];
  if (start && to - from > 1e-3 && !AT_ONCE.has(start.kind)) {
    pairs.push(["Extent", `${clock(from)} – ${clock(to)} · ${duration(to - from)}`]);
  }
  pairs.push(["Segment", `to ${clock(segment.end_s)} · ${duration(segment.end_s - segment.start_s)}`]);
  return pairs.map(([term, description]) => h("div", {}, h("dt", {}, term), h("dd", {}, description)));
}

/** The button for the timeline's toolbar, the pane that it opens, and the place for what corrects a boundary. */
export function inspectorPane() {
  const { button, element, corrections } = new Inspector();
  return { button, element, corrections };
}
