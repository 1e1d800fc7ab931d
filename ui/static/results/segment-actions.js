/** What can be done with one segment: play it alone, once or again and again, cut it, copy its times or a link to it. */
import { h, setText, show } from "../toolkit/dom.js";
import { clock } from "../toolkit/format.js";
import { hrefOf } from "../toolkit/router.js";
import { session } from "../video/session.js";
import { transport } from "../player/transport.js";
import { choice } from "./choice.js";
import { cutChosen } from "./clips.js";
import { shownSegments } from "./tuning.js";

export class SegmentActions {
  constructor() {
    this.segment = null;
    this.loop = h("input", { type: "checkbox", id: "segment-loop", on: { change: () => this.#setLoop() } });
    this.play = h("button", { type: "button", class: "button", on: { click: () => this.#play() } });
    this.cut = h("button", { type: "button", class: "button", title: "Cut it into a file (Clips)",
      on: { click: () => this.#cut() } }, "Cut…");
    this.said = h("span", { class: "quiet", role: "status" });
    this.element = h("div", { class: "segment-actions" }, this.play,
      h("label", { class: "check", for: "segment-loop" }, this.loop, "Loop"), this.cut,
      h("button", { type: "button", class: "button", on: { click: () => this.#copy(this.times, "times") } },
        "Copy times"),
      h("button", { type: "button", class: "button", on: { click: () => this.#copy(this.link, "link") } }, "Copy link"),
      this.said);
    transport.on("range", () => this.#showRange());
    transport.on("playing", () => this.#showRange());
    this.#showRange();
  }

  draw(segment) {
    this.segment = segment;
    setText(this.said, "");
    show(this.cut, choice.available && !session.soundOnly);
    this.#showRange();
  }

  /** Begin and end, as they stand in the list. */
  get times() {
    return `${clock(this.segment.start_s)} – ${clock(this.segment.end_s)}`;
  }

  /** The address of this page, opened at the segment's start. */
  get link() {
    return new URL(hrefOf(session.id, this.segment.start_s), window.location.href).href;
  }

  /** Whether this segment is what is played alone. */
  get running() {
    return transport.playing && transport.range !== null && transport.range.startS === this.segment?.start_s
      && transport.range.endS === this.segment?.end_s;
  }

  /** The Clips pane takes this one's place, with only this one chosen. */
  #cut() {
    choice.choose(this.segment.level, [shownSegments(this.segment.level).indexOf(this.segment)]);
    cutChosen();
  }

  #play() {
    if (this.running) transport.toggle();
    else transport.playRange(this.segment.start_s, this.segment.end_s, this.loop.checked);
  }

  #setLoop() {
    if (this.running) transport.range.loop = this.loop.checked;
  }

  #showRange() {
    setText(this.play, this.running ? "Pause" : `Play this ${this.segment?.level ?? "segment"}`);
  }

  async #copy(text, what) {
    try {
      await navigator.clipboard.writeText(text);
      setText(this.said, `The ${what} can be pasted now.`);
    } catch (error) {
      // Browsers give pages that came over plain HTTP no clipboard: the text can be copied by hand.
      console.info("no clipboard:", error.message);
      setText(this.said, text);
    }
  }
}
