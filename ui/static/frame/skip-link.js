/**
 * The page's first Tab stop: leads past library and upload to the timeline, to the cluster where that is shown, or to the
 * upload where no video is open.
 */
import { h, setText } from "../toolkit/dom.js";
import { currentView, onChange } from "../toolkit/router.js";

/** Where it leads, the first that is shown. */
const TARGETS = ["timeline-scroll", "cluster-title", "upload-files"];

/** Put the link before all else of the page. Called once. */
export function installSkipLink() {
  const link = h("a", { class: "skip-link", href: `#${TARGETS[0]}`, on: { click: (event) => {
    event.preventDefault(); // the address names the open video and nothing else
    const target = TARGETS.map((id) => document.getElementById(id)).find((element) => element?.getClientRects().length);
    target?.focus();
    target?.scrollIntoView({ block: "nearest" });
  } } });
  const name = () => setText(link, currentView() === "cluster" ? "Skip to the cluster" : "Skip to the timeline");
  onChange(name);
  name();
  document.body.prepend(link);
}
