/** The chart of frames a second over the last hour: a bar a minute, in SVG. */
import { fill, h, setText, show } from "../toolkit/dom.js";
import { historyOf } from "./summary.js";

const SVG = "http://www.w3.org/2000/svg";

/** Bars of a whole hour; where there are fewer, they stand at the right end, which is now. */
const STEPS = 60;
const HEIGHT = 100;

/** Part of a step that its bar is wide. */
const BAR = 0.8;

/** Least height of a bar that stands for something, of HEIGHT. */
const LEAST = 2;

function svg(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

const rounded = (rate) => Math.round(rate).toLocaleString("en");

export class RateChart {
  constructor() {
    this.picture = svg("svg", { viewBox: `0 0 ${STEPS} ${HEIGHT}`, preserveAspectRatio: "none", role: "img",
      class: "rate-bars" });
    this.most = h("span", { class: "rate-most" });
    this.facts = h("p", { class: "quiet" });
    this.since = h("span", {}, "");
    this.figure = h("div", { class: "rate-figure" }, this.most, this.picture,
      h("div", { class: "rate-axis", "aria-hidden": "true" }, this.since, h("span", {}, "now")));
    this.element = h("section", { class: "cluster-part", "aria-labelledby": "cluster-rate" },
      h("h2", { class: "panel-title", id: "cluster-rate" }, "Frames a second, last hour"), this.figure, this.facts);
  }

  /** @param {any} pool that of the cluster's document; null: it does not answer */
  draw(pool) {
    const history = historyOf(pool);
    show(this.figure, history !== null);
    if (!history) {
      setText(this.facts, pool ? "Not known: this version of the pool does not tell."
        : "Not known while the pool does not answer.");
      return;
    }
    const { rates, stepS, most, mean } = history;
    const told = `Mean ${rounded(mean)}, highest ${rounded(most)}, in the last `
      + `${Math.round((rates.length * stepS) / 60)} min. Frames count when their chunk is stored.`;
    setText(this.facts, told);
    setText(this.most, rounded(most));
    setText(this.since, `−${Math.round((STEPS * stepS) / 60)} min`);
    this.picture.setAttribute("aria-label", `Frames a second in each minute. ${told}`);
    const first = STEPS - rates.length;
    fill(this.picture, rates.map((rate, place) => {
      const height = rate > 0 ? Math.max(LEAST, (rate / most) * HEIGHT) : 0;
      const agoMin = Math.round(((rates.length - 1 - place) * stepS) / 60);
      return svg("rect", { x: first + place + (1 - BAR) / 2, y: HEIGHT - height, width: BAR, height },
        svg("title", {}, `${agoMin ? `${agoMin} min ago` : "This minute"}: ${rounded(rate)} frames/s`));
    }));
  }
}
