/** What waits, by kind of work, and what failed lately: videos, orders, words and actors, with reasons and links. */
import { fill, h, setText, show } from "../toolkit/dom.js";
import { ago, count } from "../toolkit/format.js";
import { Rows } from "./rows.js";
import { span, waitingText, WORK_NAMES } from "./summary.js";
import { VideoLink, videoLink } from "./video-link.js";

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

class FailureRow {
  constructor({ work, video_id: id, filename, code, message, finished_at: at }) {
    this.at = at;
    this.when = h("time", { datetime: at, title: new Date(at).toLocaleString() });
    this.element = h("tr", {}, h("td", {}, this.when),
      h("th", { scope: "row" }, videoLink(id, filename),
        work !== "video" && h("span", { class: "quiet" }, ` ${workName(work).toLowerCase()}`)),
      h("td", { class: "reason" }, h("code", {}, code), ` ${message}`));
  }

  update(now) {
    setText(this.when, ago(this.at, now));
  }
}

class LossRow {
  constructor({ actor, node, video_id: id, reason }) {
    this.when = h("td", {});
    this.video = new VideoLink();
    this.element = h("tr", {}, this.when,
      h("th", { scope: "row" }, actor, node && h("span", { class: "quiet" }, ` on ${node}`)),
      h("td", { class: "reason" }, reason, id && [" · with ", this.video.element]));
  }

  update({ video_id: id, ago_s: agoS }, filenames, now) {
    setText(this.when, ago(new Date(now - agoS * 1000).toISOString(), now));
    this.video.update(id, filenames?.[id]);
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
    this.countRows = new Rows(this.counts);
    this.latestRows = new Rows(this.latest.body);
    this.lossRows = new Rows(this.losses.body);
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
    this.countRows.draw(failures?.counts ?? [], JSON.stringify, (one) => ({ element: h("li", {},
      h("code", {}, one.code), ` ${workName(one.work).toLowerCase()} · ${one.day.toLocaleString("en")}`) }), () => {});
    this.latestRows.draw(failures?.latest ?? [], JSON.stringify, (one) => new FailureRow(one), (row) => row.update(now));
    this.lossRows.draw(losses, ({ ago_s: _, ...loss }) => JSON.stringify(loss), (loss) => new LossRow(loss),
      (row, loss) => row.update(loss, filenames, now));
  }
}
