/** The view of the installation: nodes with their actors, frames a second, backlog, failures, servers. */
import { fill, h, setText, show } from "../toolkit/dom.js";
import { go } from "../toolkit/router.js";
import { connection } from "../api/connection.js";
import { RateChart } from "./chart.js";
import { live } from "./live.js";
import { NodeTable } from "./nodes.js";
import { advice } from "./summary.js";
import { Backlog, Failures } from "./work.js";

const SERVER_NAMES = { postgresql: "PostgreSQL", rabbitmq: "RabbitMQ", mongodb: "MongoDB", redis: "Redis",
  media: "Media store", disk: "Disk" };

class ClusterPanel {
  constructor(element) {
    this.note = h("p", { class: "cluster-note", role: "status", hidden: true });
    this.advice = h("div", { class: "cluster-advice", role: "status", hidden: true });
    this.servers = h("ul", { class: "cluster-servers", "aria-label": "Servers" });
    this.nodes = new NodeTable();
    this.chart = new RateChart();
    this.backlog = new Backlog();
    this.failures = new Failures();
    this.parts = h("div", { class: "cluster-parts", hidden: true }, this.servers,
      h("div", { class: "cluster-beside" }, this.chart.element, this.backlog.element), this.nodes.element,
      this.failures.element);
    this.refused = h("div", { class: "cluster-refused", hidden: true },
      h("p", { class: "lead" }, "This page is for keys with the scope admin. Whoever runs this installation has one."),
      h("button", { type: "button", class: "button primary", on: { click: () => go(null) } }, "To the start"));
    fill(element, h("section", { class: "panel cluster", "aria-labelledby": "cluster-title" },
      h("h1", { id: "cluster-title", tabindex: "-1" }, "Cluster"), this.note, this.refused, this.advice, this.parts));
    live.on("change", () => this.#draw());
    live.on("problem", () => this.#drawProblem());
    connection.on("change", () => this.#drawProblem());
    live.start();
  }

  #draw() {
    const cluster = live.document;
    show(this.refused, false);
    show(this.parts, true);
    this.#drawProblem();
    fill(this.servers, cluster.servers.map(({ name, healthy, detail }) => {
      const state = healthy ? (name === "disk" ? " has room" : " answers") : detail ? `: ${detail}` : " does not answer";
      return h("li", { dataset: { healthy: String(healthy) } }, `${SERVER_NAMES[name] ?? name}${state}`);
    }));
    this.#drawAdvice(advice(cluster));
    show(this.nodes.element, (cluster.pool?.actors.length ?? 0) > 0);
    if (cluster.pool) this.nodes.draw(cluster);
    this.chart.draw(cluster.pool);
    this.backlog.draw(cluster);
    this.failures.draw(cluster, live.readAt);
  }

  /** It stays the same text while it is the same case: a screen reader reads a change aloud. */
  #drawAdvice(found) {
    show(this.advice, found !== null);
    const text = found ? `${found.title}\n${found.text}` : "";
    if (this.advised === text) return;
    this.advised = text;
    fill(this.advice, found && [h("h2", { class: "panel-title" }, found.title), h("p", {}, found.text)]);
    if (found) this.advice.dataset.calm = String(found.calm);
  }

  #drawProblem() {
    if (!live.allowed) {
      show(this.refused, true);
      show(this.parts, false);
      show(this.advice, false);
      show(this.note, false);
      return;
    }
    const stale = connection.lost || live.problem !== null;
    const at = live.readAt ? ` What is shown is of ${new Date(live.readAt).toLocaleTimeString()}.` : "";
    const why = connection.lost ? "The connection is lost." : live.problem?.message ?? "";
    setText(this.note, stale ? `${why}${at}` : live.document ? "" : "Reading…");
    show(this.note, this.note.textContent !== "");
    this.parts.classList.toggle("stale", stale);
  }
}

/** @param {HTMLElement} element */
export function mountCluster(element) {
  return new ClusterPanel(element);
}
