/** The bar at the top: link to the start page, sign-out, keyboard help, and the banner of a lost connection. */
import { fill, h, iconButton, setText, show } from "../toolkit/dom.js";
import { currentView, go, hrefOf, hrefOfView, onChange, openView } from "../toolkit/router.js";
import { access } from "../api/access.js";
import { connection } from "../api/connection.js";
import { SHORTCUTS } from "./keys.js";

/** How long the banner says that the connection is back. */
const RECOVERED_SHOWN_MS = 3000;

function brand() {
  const bars = h("span", { class: "brand-mark", "aria-hidden": "true" },
    h("i", {}), h("i", {}), h("i", {}), h("i", {}), h("i", {}), h("i", {}));
  return h("a", { class: "brand", href: hrefOf(null), on: { click: (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(null);
  } } }, bars, "Scenestream");
}

/** Shown to those who may see the installation; where no key is needed, that is everybody. */
function clusterLink() {
  const link = h("a", { class: "button cluster-link", href: hrefOfView("cluster"), hidden: true, on: {
    click: (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      openView("cluster");
    } } }, "Cluster");
  const mark = () => {
    if (currentView() === "cluster") link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  };
  access.on("change", () => show(link, access.may("admin")));
  onChange(mark);
  mark();
  return link;
}

function showShortcuts() {
  const rows = SHORTCUTS.map(({ keys, does }) => h("tr", {},
    h("td", {}, keys.map((key) => h("kbd", {}, key))), h("td", {}, does)));
  const dialog = h("dialog", { class: "dialog", "aria-label": "Keyboard" },
    h("form", { method: "dialog" }, h("h2", {}, "Keyboard"), h("table", { class: "shortcuts" }, rows),
      h("div", { class: "dialog-actions" }, h("button", { class: "button", autofocus: true }, "Close"))));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** Open the dialog of the upload panel; what is shown stays until a file was uploaded. */
function chooseFiles() {
  document.getElementById("upload-files").click();
}

function lostSentence() {
  const { unhealthy } = connection;
  if (!unhealthy.length) return "The server does not answer. What is shown may be out of date. Trying again…";
  const verb = unhealthy.length === 1 ? "does" : "do";
  return `Only a part of the service is up: ${unhealthy.join(" and ")} ${verb} not answer. Trying again…`;
}

/** @param {HTMLElement} element */
export function mountHeader(element) {
  const out = h("button", { type: "button", class: "button sign-out", hidden: true,
    on: { click: () => access.signOut() } }, "Sign out");
  access.on("change", () => {
    show(out, access.signedIn);
    out.title = access.signedIn ? `Signed in with the key ${access.key.name} (${access.key.owner})` : "";
  });
  const banner = h("div", { class: "banner", role: "status", hidden: true });
  fill(element, h("header", { class: "top" }, brand(),
    h("span", { class: "tagline" }, "shots, scenes and chapters"), h("span", { class: "spacer" }),
    clusterLink(), out, h("button", { type: "button", class: "button new-upload", on: { click: chooseFiles } }, "New upload"),
    iconButton("keys", "Keyboard shortcuts", showShortcuts)), banner);
  let timer = 0;
  connection.on("detail", () => setText(banner, lostSentence()));
  connection.on("change", (lost) => {
    window.clearTimeout(timer);
    banner.dataset.state = lost ? "lost" : "found";
    setText(banner, lost ? lostSentence() : "Connected again.");
    show(banner, true);
    if (!lost) timer = window.setTimeout(() => show(banner, false), RECOVERED_SHOWN_MS);
  });
}
