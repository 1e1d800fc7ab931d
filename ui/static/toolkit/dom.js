/**
 * Builds DOM elements, icons and dialogs. File names, error messages and labels become text nodes and attributes
 * here; no module of this page assigns `innerHTML`, so text from outside cannot inject markup.
 */

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * Create an element.
 * @param {string} tag
 * @param {Record<string, any>} [props] `class`, `dataset`, `style` (object), `on` (object of listeners), and
 *   attributes; `null`, `undefined` and `false` leave an attribute out, `true` sets it empty.
 * @param {...(Child | Child[])} children strings become text nodes
 * @returns {HTMLElement}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "on") {
      for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
    } else if (name === "dataset") {
      Object.assign(element.dataset, value);
    } else if (name === "style") {
      for (const [key, text] of Object.entries(value)) element.style.setProperty(key, String(text));
    } else {
      attribute(element, name, value);
    }
  }
  append(element, children);
  return element;
}

/** Set or remove an attribute. */
function attribute(element, name, value) {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}

/** Append children: arrays are flattened, null, undefined and false are left out. */
export function append(parent, children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Replace all children. */
export function fill(parent, ...children) {
  parent.replaceChildren();
  append(parent, children);
}

/** Set the text only when it differs: a screen reader reads a live region again after every assignment. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Show or hide by the `hidden` attribute. */
export function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

const SVG = "http://www.w3.org/2000/svg";

/** SVG paths on a grid of 24 by 24 px, by icon name. */
const ICONS = {
  play: "M8 5v14l11-7z",
  pause: "M7 5h4v14H7zM13 5h4v14h-4z",
  previous: "M6 5h2v14H6zM20 5v14l-11-7z",
  next: "M16 5h2v14h-2zM4 5v14l11-7z",
  sound: "M4 9v6h4l5 5V4L8 9zM16 8.5v7a4 4 0 0 0 0-7z",
  muted: "M4 9v6h4l5 5V4L8 9zM15 10.4 16.4 9l2.1 2.1L20.6 9l1.4 1.4-2.1 2.1 2.1 2.1-1.4 1.4-2.1-2.1-2.1 2.1-1.4-1.4 2.1-2.1z",
  full: "M4 4h6v2H6v4H4zM14 4h6v6h-2V6h-4zM4 14h2v4h4v2H4zM18 14h2v6h-6v-2h4z",
  plus: "M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z",
  minus: "M5 11h14v2H5z",
  fit: "M3 5h2v14H3zM19 5h2v14h-2zM7 11h3V8l4 4-4 4v-3H7z",
  close: "M6.4 5 12 10.6 17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.6L6.4 19 5 17.6l5.6-5.6L5 6.4z",
  upload: "M11 16V8.8l-2.6 2.6L7 10l5-5 5 5-1.4 1.4L13 8.8V16zM5 18h14v2H5z",
  keys: "M3 6h18v12H3zM6 9v2h2V9zm4 0v2h2V9zm4 0v2h2V9zM6 14v2h12v-2z",
  search: "M10 4a6 6 0 1 0 3.7 10.7l4.8 4.8 1.4-1.4-4.8-4.8A6 6 0 0 0 10 4zm0 2a4 4 0 1 1 0 8 4 4 0 0 1 0-8z",
};

/**
 * A decorative icon, hidden from screen readers: the control around it carries the accessible name.
 * @param {keyof typeof ICONS} name
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  path.setAttribute("fill-rule", "evenodd");
  svg.append(path);
  return svg;
}

/** A button that shows only an icon; `label` is its accessible name and its native tooltip. */
export function iconButton(name, label, onClick, props = {}) {
  return h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, ...props,
    on: { click: onClick } }, icon(name));
}

/**
 * Open a modal dialog before an action that cannot be undone; resolves to true when the person confirms.
 * @param {{title: string, text: Child | Child[], action: string, stay?: string}} what `stay`: what the other button says
 */
export function confirmDialog({ title, text, action, stay = "Keep it" }) {
  return new Promise((resolve) => {
    const yes = h("button", { type: "submit", value: "yes", class: "button danger" }, action);
    const no = h("button", { type: "submit", value: "no", class: "button", autofocus: true }, stay);
    const dialog = /** @type {HTMLDialogElement} */ (h("dialog", { class: "dialog", "aria-label": title },
      h("form", { method: "dialog" }, h("h2", {}, title), h("div", { class: "dialog-text" }, text),
        h("div", { class: "dialog-actions" }, no, yes))));
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes");
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
