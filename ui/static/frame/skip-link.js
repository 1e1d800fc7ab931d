/** The page's first Tab stop: leads past library and upload to the timeline, or to the upload where no video is open. */
import { h } from "../toolkit/dom.js";

/** Where it leads, the first that is shown. */
const TARGETS = ["timeline-scroll", "upload-files"];

/** Put the link before all else of the page. Called once. */
export function installSkipLink() {
  document.body.prepend(h("a", { class: "skip-link", href: `#${TARGETS[0]}`, on: { click: (event) => {
    event.preventDefault(); // the address names the open video and nothing else
    const target = TARGETS.map((id) => document.getElementById(id)).find((element) => element?.getClientRects().length);
    target?.focus();
    target?.scrollIntoView({ block: "nearest" });
  } } }, "Skip to the timeline"));
}
