/**
 * The strip above the timeline while the result is being corrected: what was done last, undo and redo, the operations,
 * a note, save and discard; before that, the offer of a draft that this browser has kept, and why none can be opened.
 */
import { confirmDialog, fill, h, setText, show } from "../toolkit/dom.js";
import { ago } from "../toolkit/format.js";
import { guardLeaving } from "../toolkit/router.js";
import { session } from "../video/session.js";
import { view } from "../video/view.js";
import { editor } from "../editing/editor.js";
import { choice } from "../results/choice.js";
import { join, redo, rename, splitHere, startEditing, undo } from "./commands.js";

/** The longest note that the API takes. */
const NOTE_LENGTH = 1000;

const changes = (number) => (number === 1 ? "1 change" : `${number} changes`);

class EditBar {
  constructor() {
    const button = (text, title, run, kind = "") => h("button", { type: "button", class: `button ${kind}`.trim(), title,
      on: { click: run } }, text);
    this.button = button("Edit", "Correct the boundaries by hand (E)", () => toggleEditing(), "tune-open");
    this.undo = button("Undo", "Take the last change back (Ctrl Z)", () => undo());
    this.redo = button("Redo", "Make it again (Ctrl Shift Z)", () => redo());
    this.split = button("Split", "Start a segment at the playhead (S)", () => splitHere());
    this.join = button("Join", "Join with the one before (Delete)", () => join());
    this.name = button("Name…", "Name the segment (F2, or a double click)", () => rename());
    this.message = h("span", { class: "edit-message", role: "status" });
    this.note = h("input", { type: "text", class: "edit-note", id: "edit-note", placeholder: "Note (optional)",
      "aria-label": "Note on this correction", maxlength: NOTE_LENGTH, autocomplete: "off", dir: "auto",
      on: { input: () => editor.setNote(this.note.value) } });
    this.discard = button("Discard", "Show the result as it was", () => discardEdits());
    this.save = button("Save", "Keep this as a new revision (Ctrl S)", () => editor.save(), "primary");
    this.tools = h("div", { class: "edit-tools" },
      h("div", { class: "edit-group" }, this.undo, this.redo, this.split, this.join, this.name), this.message,
      h("div", { class: "edit-group" }, this.note, this.discard, this.save));
    this.refused = h("div", { class: "edit-refused", role: "alert" });
    this.offer = h("div", { class: "edit-offer", role: "status" });
    this.problemText = h("span", { class: "wrong" });
    this.problem = h("div", { class: "edit-offer", role: "alert", hidden: true }, this.problemText,
      h("button", { type: "button", class: "button", on: { click: () => startEditing() } }, "Try again"));
    this.element = h("div", { class: "edit-bar", role: "group", "aria-label": "Edit", hidden: true }, this.tools,
      this.refused, this.offer, this.problem);
    editor.on("change", () => this.draw());
    choice.on("change", () => this.draw());
    view.on("level", () => this.draw());
    session.on("opened", () => this.draw());
    guardLeaving(() => editor.dirty, askToLeave);
    this.draw();
  }

  draw() {
    const { active, offer, opening, problem, unsaved, saving } = editor;
    const busy = saving !== "idle";
    show(this.button, active || editor.available);
    this.button.setAttribute("aria-pressed", String(active));
    this.button.setAttribute("aria-busy", String(opening !== null));
    if (active) document.body.dataset.editing = "yes";
    else delete document.body.dataset.editing;
    show(this.element, active || offer !== null || problem !== "");
    show(this.problem, problem !== "");
    setText(this.problemText, problem);
    show(this.tools, active);
    this.#drawOffer(offer);
    this.#drawRefused();
    if (!active) return;
    this.undo.disabled = !editor.canUndo && !editor.undoIsBeforeSave;
    this.redo.disabled = !editor.canRedo;
    for (const each of [this.split, this.join]) each.disabled = busy;
    this.name.disabled = busy || view.level === "shot";
    setText(this.join, choice.several ? `Join ${choice.frames.length}` : "Join");
    setText(this.message, editor.message || (editor.keptInBrowser ? "Drag a boundary, or press S to split."
      : "This browser does not keep unsaved changes: save before you leave."));
    this.message.classList.toggle("wrong", editor.wrong);
    if (this.note.value !== editor.note) this.note.value = editor.note;
    this.discard.disabled = busy;
    setText(this.discard, editor.atStake ? "Discard" : "Close");
    this.save.disabled = busy || unsaved === 0 || editor.refused.length > 0;
    setText(this.save, saving === "sent" ? "Saving…" : unsaved ? `Save ${changes(unsaved)}` : "Save");
  }

  #drawOffer(offer) {
    show(this.offer, offer !== null);
    if (!offer) {
      fill(this.offer);
      return;
    }
    const text = `${changes(offer.steps.length)} of yours ${offer.steps.length === 1 ? "is" : "are"} not saved, from `
      + `${ago(new Date(offer.atMs).toISOString())}.`;
    if (this.offer.firstChild?.textContent === text) return;
    fill(this.offer, h("span", {}, text),
      h("button", { type: "button", class: "button primary", on: { click: () => startEditing() } }, "Go on"),
      h("button", { type: "button", class: "button", on: { click: () => editor.discard() } }, "Forget them"));
  }

  #drawRefused() {
    const { refused, steps } = editor;
    show(this.refused, refused.length > 0);
    if (refused.length === 0) {
      fill(this.refused);
      this.drawnRefused = null;
      return;
    }
    if (this.drawnRefused !== refused) {
      this.drawnRefused = refused;
      this.#listRefused(refused);
    }
    setText(this.goOn, steps.length ? `Go on with the other ${steps.length}` : "Go on without them");
  }

  #listRefused(refused) {
    this.goOn = h("button", { type: "button", class: "button primary", on: { click: () => editor.acceptRefused() } });
    fill(this.refused, h("ul", {}, refused.map(({ step, reason }) => h("li", {}, `${editor.label(step)}: ${reason}`))),
      this.goOn,
      h("button", { type: "button", class: "button", on: { click: () => editor.discard() } }, "Discard all of mine"));
  }
}

/** Open the draft, or close it. */
export function toggleEditing() {
  if (editor.active) discardEdits();
  else startEditing();
}

/** Close the draft; changes that are not saved are asked about. */
export async function discardEdits() {
  const { atStake } = editor;
  const sure = atStake === 0 || await confirmDialog({ title: `Discard ${changes(atStake)}?`,
    text: "The result stays as it was before them.", action: "Discard", stay: "Keep editing" });
  if (sure) editor.discard();
}

/** Whether the video is to be left although changes are not saved. */
function askToLeave() {
  const { atStake, keptInBrowser } = editor;
  return confirmDialog({ title: `Leave ${changes(atStake)} unsaved?`, action: "Leave", stay: "Stay",
    text: keptInBrowser ? "This browser keeps them: open the video again to go on, or to save."
      : "This browser does not keep them: they are lost." });
}

/** The button for the timeline's toolbar, and the strip. */
export function editBar() {
  const { button, element } = new EditBar();
  return { button, element };
}
