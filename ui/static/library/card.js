/** One row of the list of videos: still, name, state, progress, length and date, with a box to choose it. */
import { h, setText, show } from "../toolkit/dom.js";
import { plainName, showFilename } from "../toolkit/filenames.js";
import { ago, duration, percent } from "../toolkit/format.js";
import { currentId, go, hrefOf } from "../toolkit/router.js";
import { stillUrl } from "../api/requests.js";
import { STATE_NAMES, TERMINAL } from "../video/names.js";
import { ROW_PX } from "./window.js";

/** It is updated in place, so that focus and hover stay where they are. */
export class Card {
  /** @param {(id: string, chosen: boolean, range: boolean) => void} onPick range: from the box before to this one */
  constructor(video, onPick) {
    this.id = video.id;
    this.name = h("span", { class: "library-name" });
    this.badge = h("span", { class: "badge" });
    this.facts = h("span", { class: "library-facts" });
    this.image = h("img", { alt: "", loading: "lazy", decoding: "async", on: {
      load: () => this.image.classList.add("there"),
      error: () => this.image.classList.remove("there"),
    } });
    this.bar = h("progress", { max: "1", "aria-hidden": "true" });
    this.box = h("input", { type: "checkbox", tabindex: "-1", on: {
      click: (event) => onPick(this.id, this.box.checked, event.shiftKey),
    } });
    this.link = h("a", { class: "library-link", href: hrefOf(video.id), on: { click: (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      go(this.id);
    } } }, h("span", { class: "library-still" }, this.image, this.bar),
    h("span", { class: "library-text" }, this.name, h("span", { class: "library-line" }, this.badge, this.facts)));
    this.element = h("li", { class: "library-row", dataset: { id: video.id } },
      h("label", { class: "library-pick" }, this.box), this.link);
    this.update(video);
  }

  update(video) {
    this.video = video;
    showFilename(this.name, video.filename);
    this.box.setAttribute("aria-label", `Choose ${plainName(video.filename)}`);
    this.badge.dataset.state = video.state;
    setText(this.badge, STATE_NAMES[video.state] ?? video.state);
    const working = !TERMINAL.has(video.state);
    const fraction = video.progress?.fraction ?? 0;
    const facts = [];
    if (working && fraction > 0) facts.push(percent(fraction));
    if (video.media?.duration_s) facts.push(duration(video.media.duration_s));
    facts.push(ago(video.created_at));
    setText(this.facts, facts.join(" · "));
    this.facts.title = new Date(video.created_at).toLocaleString();
    show(this.bar, working);
    if (fraction > 0) this.bar.value = fraction;
    else this.bar.removeAttribute("value");
    this.#showStill(video);
    this.markCurrent();
  }

  /** A file with sound alone has no picture; others have one from the first part that is analysed. */
  #showStill(video) {
    const { media, progress, revision } = video;
    const there = media && media.video_codec !== null && (revision > 0 || (progress?.chunks_done ?? 0) > 0);
    const address = there ? stillUrl(video.id, revision) : "";
    if (this.image.getAttribute("src") === address || !address) return;
    this.image.setAttribute("src", address);
  }

  /** Put the row where the list has it. */
  place(index, total) {
    this.element.style.top = `${index * ROW_PX}px`;
    this.element.setAttribute("aria-setsize", String(total));
    this.element.setAttribute("aria-posinset", String(index + 1));
  }

  choose(chosen) {
    this.box.checked = chosen;
  }

  markCurrent() {
    const current = this.id === currentId();
    this.element.classList.toggle("current", current);
    if (current) this.link.setAttribute("aria-current", "page");
    else this.link.removeAttribute("aria-current");
  }
}
