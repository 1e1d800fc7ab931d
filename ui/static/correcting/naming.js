/** The dialog that asks for the name of a scene or chapter. */
import { h } from "../toolkit/dom.js";
import { clock } from "../toolkit/format.js";
import { TITLE_LENGTH } from "../editing/steps.js";

/**
 * Ask for a name.
 * @param {"scene" | "chapter"} level
 * @param {{index: number, start_s: number, title: string | null}} segment
 * @returns {Promise<string | null>} empty: the name is to be taken away; null: the person has left the dialog
 */
export function askName(level, segment) {
  return new Promise((resolve) => {
    const title = `Name of ${level} ${segment.index + 1}`;
    const field = /** @type {HTMLInputElement} */ (h("input", { type: "text", id: "segment-name", dir: "auto",
      maxlength: TITLE_LENGTH, value: segment.title ?? "", autocomplete: "off", autofocus: true }));
    const leave = h("button", { type: "button", class: "button" }, "Cancel");
    const form = h("form", { method: "dialog" }, h("h2", {}, title),
      h("p", { class: "quiet" }, `It begins at ${clock(segment.start_s)}. Without a name it gets an automatic one.`),
      h("label", { class: "visually-hidden", for: "segment-name" }, "Name"), field,
      h("div", { class: "dialog-actions" }, leave,
        h("button", { type: "submit", value: "named", class: "button primary" }, "Name it")));
    const dialog = /** @type {HTMLDialogElement} */ (h("dialog", { class: "dialog naming",
      "aria-label": title }, form));
    leave.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "named" ? field.value : null);
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
    field.select();
  });
}
