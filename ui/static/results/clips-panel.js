/** The drawer's pane where segments are cut into files, and the list of the orders. */
import { confirmDialog, fill, h, setText, show } from "../toolkit/dom.js";
import { ago, count } from "../toolkit/format.js";
import { reachable } from "../api/requests.js";
import { LEVEL_NAMES, LEVELS, STATE_NAMES, TERMINAL } from "../video/names.js";
import { session } from "../video/session.js";
import { editor } from "../editing/editor.js";
import { choice } from "./choice.js";
import { clips, MAX_CLIPS } from "./clips.js";
import { drawer } from "./drawer.js";
import { tuning } from "./tuning.js";

/** The API's ways of cutting. */
const MODES = { exact: "to the frame, coded anew", copy: "at key frames, as it is coded" };

class ClipsPanel {
  constructor() {
    this.button = h("button", { type: "button", class: "button tune-open", "aria-expanded": "false",
      "aria-controls": "clips", on: { click: () => drawer.toggle("clips") } }, "Clips");
    this.level = this.#select("clips-level", "level", LEVELS.map((level) => [level, LEVEL_NAMES[level]]));
    this.label = this.#select("clips-label", "label", []);
    this.which = h("select", { "aria-label": "Which of them", on: { change: () => clips.chooseOnly(this.which.value === "only") } });
    this.contentOnly = h("input", { type: "checkbox", id: "clips-content",
      on: { change: () => clips.choose("contentOnly", this.contentOnly.checked) } });
    this.contentField = h("label", { class: "check", for: "clips-content" }, this.contentOnly,
      "without black, bars, slates and credits");
    this.mode = this.#select("clips-mode", "mode", Object.entries(MODES));
    this.note = h("p", { class: "tune-note", role: "status" });
    this.cut = h("button", { type: "button", class: "button primary",
      on: { click: () => clips.order() } }, "Cut");
    this.orders = h("ul", { class: "clip-orders", "aria-label": "Clips" });
    this.element = h("div", { class: "tune clips", id: "clips", role: "group", "aria-label": "Cut into files" },
      h("div", { class: "clips-choices" },
        h("label", { for: "clips-level" }, "Cut the"), this.level, this.which,
        h("label", { for: "clips-label" }, "with"), this.label,
        h("label", { for: "clips-mode" }, "into files,"), this.mode, this.contentField),
      h("div", { class: "tune-end" }, this.note, this.cut), this.orders);
    clips.on("change", () => {
      if (!clips.open) drawer.close("clips");
      this.draw();
    });
    drawer.on("change", () => this.#follow());
    session.on("video", () => this.draw());
    session.on("segments", () => this.draw());
    for (const shown of [editor, tuning]) shown.on("change", () => this.draw());
    this.draw();
  }

  #select(id, what, options) {
    return h("select", { id, on: { change: (event) => clips.choose(what, event.target.value) } },
      options.map(([value, name]) => h("option", { value }, name)));
  }

  #follow() {
    const opened = drawer.pane === "clips";
    if (opened && !clips.open) clips.begin();
    else if (!opened && clips.open) clips.close();
  }

  draw() {
    show(this.button, session.video?.state === "done" && !session.soundOnly);
    show(this.element, clips.open);
    this.button.setAttribute("aria-expanded", String(clips.open));
    if (!clips.open) return;
    fill(this.which, h("option", { value: "all" }, "all"),
      choice.any && h("option", { value: "only" }, `only the ${choice.frames.length} chosen`));
    this.which.value = clips.only ? "only" : "all";
    this.level.value = clips.level;
    this.level.disabled = clips.only;
    this.label.disabled = clips.only;
    this.mode.value = clips.mode;
    this.contentOnly.checked = clips.contentOnly;
    show(this.contentField, clips.hasOthers && !clips.only);
    const labels = ["", ...clips.labels];
    if (labels.join() !== this.offered) {
      this.offered = labels.join();
      fill(this.label, labels.map((label) => h("option", { value: label }, label || "any sound")));
    }
    this.label.value = clips.label;
    const problem = clips.problem || whyNot();
    this.element.dataset.state = problem ? "failed" : "";
    setText(this.note, problem || "All files come with a list of their times, names and checksums.");
    setText(this.cut, clips.count === 1 ? "Cut 1 clip" : `Cut ${clips.count} clips`);
    this.cut.disabled = clips.busy || clips.count === 0 || Boolean(whyNot());
    fill(this.orders, clips.orders.map((order) => h("li", { dataset: { state: order.state } }, ...contentOf(order))));
    show(this.orders, clips.orders.length > 0);
  }
}

/** Why nothing can be cut at the moment; empty where it can. */
function whyNot() {
  if (clips.count > MAX_CLIPS) return `An order has at most ${count(MAX_CLIPS, "clip")}: choose fewer.`;
  return clips.only && !choice.stored ? "Clips are cut of the saved result: save or discard what is shown first." : "";
}

/** Files that may have taken an hour to encode are deleted when somebody has said so twice. */
async function remove(order) {
  const { total } = order.progress;
  const sure = await confirmDialog({
    title: "Delete these clips?",
    text: `${count(total, "file")}, cut ${ago(order.created_at)}, will be gone. The video stays.`,
    action: "Delete clips",
  });
  if (sure) clips.remove(order);
}

/** The row of one order: its name, its progress and its buttons. */
function contentOf(order) {
  const { done, failed, total, fraction } = order.progress;
  const working = !TERMINAL.has(order.state);
  const name = `${total} ${total === 1 ? order.level : `${order.level}s`}, ${order.mode}`;
  const state = order.state === "running" ? "Cutting" : STATE_NAMES[order.state];
  const told = working ? `${done} of ${total}` : ago(order.created_at);
  return [h("strong", {}, name), h("span", { class: "quiet" }, `${state} · ${told}`),
    failed > 0 && h("span", { class: "clip-failed" }, `${failed} cannot be cut`),
    order.error && h("span", { class: "clip-failed" }, order.error.message),
    working && h("progress", { max: "1", value: String(fraction), "aria-label": `Cutting ${name}` }),
    h("span", { class: "spacer" }),
    order.archive && h("a", { class: "button", href: reachable(order.archive), download: true }, "Download zip"),
    working
      ? h("button", { type: "button", class: "button", on: { click: () => clips.cancel(order) } }, "Stop")
      : h("button", { type: "button", class: "button danger-quiet", on: { click: () => remove(order) } },
        "Delete clips")];
}

/** The button for the timeline's toolbar, and the pane that it opens. */
export function clipsPanel() {
  const { button, element } = new ClipsPanel();
  return { button, element };
}
