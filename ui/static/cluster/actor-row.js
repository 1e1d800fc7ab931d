/** One row of the table of actors. It is updated in place, so that focus and selection stay where they are. */
import { h, setText, show } from "../toolkit/dom.js";
import { bytes } from "../toolkit/format.js";
import { ACTOR_STATES, framesPerS, span, workText } from "./summary.js";
import { VideoLink } from "./video-link.js";

/** Names of the columns; `from`: the class of those that a narrower table leaves out (styles/cluster.css). */
export const COLUMNS = [
  { name: "Actor" },
  { name: "Device", from: "from-medium" },
  { name: "State" },
  { name: "Video" },
  { name: "Work" },
  { name: "Since", from: "from-medium", number: true },
  { name: "Frames/s", from: "from-medium", number: true },
  { name: "Video s/s", from: "from-wide", number: true },
  { name: "Memory", from: "from-widest", number: true },
];

export const cellClass = ({ from, number }) => [from, number && "number"].filter(Boolean).join(" ") || null;

export class ActorRow {
  constructor() {
    this.badge = h("span", { class: "badge" });
    this.error = h("span", { class: "actor-error" });
    this.replaced = h("span", { class: "quiet" });
    this.name = h("span", {});
    this.video = new VideoLink();
    this.cells = COLUMNS.slice(1).map((column) => h("td", { class: cellClass(column) }));
    const [, state, video] = this.cells;
    state.append(this.badge);
    video.append(this.video.element, this.error);
    this.heading = h("th", { scope: "row", tabindex: "-1" }, this.name, this.replaced);
    this.element = h("tr", {}, this.heading, this.cells);
  }

  focus() {
    this.heading.focus();
  }

  /**
   * @param {any} actor a row of the pool
   * @param {Record<string, string>} filenames of the videos by their ids
   */
  update(actor, filenames) {
    const [device, , , work, since, frames, speed, memory] = this.cells;
    setText(this.name, actor.actor);
    setText(this.replaced, actor.replaced ? ` lost ${actor.replaced} ×` : "");
    setText(device, actor.device ?? "");
    this.badge.dataset.actor = actor.state;
    setText(this.badge, ACTOR_STATES[actor.state] ?? actor.state);
    setText(this.error, actor.state === "lost" ? actor.error ?? "" : "");
    this.error.title = this.error.textContent;
    show(this.error, this.error.textContent !== "");
    this.video.update(actor.video_id, filenames[actor.video_id]);
    setText(work, workText(actor));
    setText(since, actor.since_s === null || actor.state === "lost" ? "" : span(actor.since_s));
    setText(frames, rate(framesPerS(actor), 0));
    setText(speed, rate(actor.video_s_per_s, 1));
    setText(memory, [actor.rss_bytes, actor.gpu_bytes].filter(Boolean).map(bytes).join(" + GPU "));
  }
}

const rate = (value, digits) => (value === null || value === undefined ? "" : value.toFixed(digits));
