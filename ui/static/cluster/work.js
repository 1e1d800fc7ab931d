/** What waits, by kind of work, and what failed lately: videos, orders, words and actors, with reasons and links. */
import { fill, h, setText, show } from "../toolkit/dom.js";
import { ago, count } from "../toolkit/format.js";
import { span, waitingText, WORK_NAMES } from "./summary.js";
import { videoLink } from "./video-link.js";

const PRIORITY_NAMES = { interactive: "interactive", batch: "batch" };

const workName = (work) => WORK_NAMES[work] ?? work;

function table(label, columns) {
  const body = h("tbody", {});
  const element = h("table", { class: "cluster-table" }, h("caption", { class: "visually-hidden" }, label),
    h("thead", {}, h("tr", {}, columns.map(([name, className]) => h("th", { scope: "col", class: className }, name)))),
    body);
  return { element, body };
}

export class Backlog {
  constructor() {
    this.facts = h("span", { class: "quiet" });
    this.unknown = h("p", { class: "quiet" }, "Not known: PostgreSQL does not answer.");
    this.table = table("What waits", [["Work"], ["Waiting", "number"], ["In hand", "number"], ["Oldest", "number"]]);
    this.element = h("section", { class: "cluster-part", "aria-labelledby": "cluster-backlog" },
      h("div", { class: "cluster-head" }, h("h2", { class: "panel-title", id: "cluster-backlog" }, "Backlog"), this.facts),
      this.unknown, this.table.element);
  }

  draw({ backlog, queues, pool }) {
    setText(this.facts, [backlog?.seconds > 0 && `${span(backlog.seconds)} of video`,
      pool?.queued > 0 && `${count(pool.queued, "task")} in the pool`].filter(Boolean).join(" · "));
    show(this.unknown, !queues);
    show(this.table.element, Boolean(queues));
    fill(this.table.body, (queues ?? []).map((queue) => h("tr", {},
      h("th", { scope: "row" }, workName(queue.work),
        queue.priority && h("span", { class: "quiet" }, ` ${PRIORITY_NAMES[queue.priority] ?? queue.priority}`)),
      h("td", { class: "number" }, waitingText(queue.waiting)),
      h("td", { class: "number" }, queue.running.toLocaleString("en")),
      h("td", { class: "number" }, queue.oldest_s === null ? "" : span(queue.oldest_s)))));
  }
}

export class Failures {
  constructor() {
    this.facts = h("span", { class: "quiet" });
    this.none = h("p", { class: "quiet" });
    this.counts = h("ul", { class: "failure-counts", "aria-label": "Failures of the last day by reason" });
    this.latest = table("Failures of the last day, newest first", [["When"], ["What"], ["Reason"]]);
    this.lossTitle = h("h3", { class: "panel-title" }, "Actors that were lost");
    this.losses = table("Actors that were lost, newest first", [["When"], ["Actor"], ["Reason"]]);
    this.element = h("section", { class: "cluster-part", "aria-labelledby": "cluster-failures" },
      h("div", { class: "cluster-head" }, h("h2", { class: "panel-title", id: "cluster-failures" }, "Failures"), this.facts),
      this.none, this.counts, this.latest.element, this.lossTitle, this.losses.element);
    this.shown = "";
  }

  draw({ failures, pool, filenames }, now) {
    const losses = pool?.losses ?? [];
    const day = (failures?.counts ?? []).reduce((sum, one) => sum + one.day, 0);
    const hour = (failures?.counts ?? []).reduce((sum, one) => sum + one.hour, 0);
    setText(this.facts, day ? `${hour.toLocaleString("en")} in the last hour, ${day.toLocaleString("en")} in the last day` : "");
    setText(this.none, failures ? "Nothing failed in the last day." : "Not known: PostgreSQL does not answer.");
    show(this.none, day === 0);
    for (const [part, full] of [[this.counts, day > 0], [this.latest.element, failures?.latest.length > 0],
      [this.lossTitle, losses.length > 0], [this.losses.element, losses.length > 0]]) show(part, full);
    // Drawn anew only where something is different, so that focus and a selection of text stay.
    const minute = Math.floor(now / 60000);
    const shown = JSON.stringify([minute, failures, losses.map(({ ago_s: _, ...loss }) => loss), filenames]);
    if (shown === this.shown) return;
    this.shown = shown;
    fill(this.counts, (failures?.counts ?? []).map((one) => h("li", {}, h("code", {}, one.code),
      ` ${workName(one.work).toLowerCase()} · ${one.day.toLocaleString("en")}`)));
    fill(this.latest.body, (failures?.latest ?? []).map((one) => h("tr", {},
      h("td", {}, h("time", { datetime: one.finished_at, title: new Date(one.finished_at).toLocaleString() },
        ago(one.finished_at, now))),
      h("th", { scope: "row" }, videoLink(one.video_id, one.filename),
        one.work !== "video" && h("span", { class: "quiet" }, ` ${workName(one.work).toLowerCase()}`)),
      h("td", { class: "reason" }, h("code", {}, one.code), ` ${one.message}`))));
    fill(this.losses.body, losses.map((loss) => h("tr", {},
      h("td", {}, ago(new Date(now - loss.ago_s * 1000).toISOString(), now)),
      h("th", { scope: "row" }, loss.actor, loss.node && h("span", { class: "quiet" }, ` on ${loss.node}`)),
      h("td", { class: "reason" }, loss.reason, loss.video_id && [" · with ",
        videoLink(loss.video_id, filenames?.[loss.video_id])]))));
  }
}
