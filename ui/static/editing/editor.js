/**
 * Corrects the open video's result by hand: a draft on top of the current revision, shown in place of it, until it is
 * saved as a revision of its own or discarded. Unsaved steps are kept in the browser. Knows no element of the page, and
 * not which boundary is selected.
 *
 * The API refuses a correction when the revision has moved on, since somebody else was quicker. Then, and whenever
 * another revision turns up, the steps are done again on that one; those that do not apply are left to the person.
 *
 * A correction names frames, so it begins when the exact time of each frame is known: none is saved that was estimated.
 *
 * Events: `change` (opened or closed, the draft, saving, a message).
 */
import { Emitter } from "../toolkit/emitter.js";
import { clock } from "../toolkit/format.js";
import { access } from "../api/access.js";
import { ApiError, correctSegments } from "../api/requests.js";
import { session } from "../video/session.js";
import { trueTimes } from "../video/true-times.js";
import { correctionOf } from "./correction.js";
import { draftOf } from "./draft.js";
import { begin, perform, present, redo, stepsOf, undo } from "./history.js";
import { forget, keep, kept } from "./keeping.js";
import { rebase } from "./rebase.js";
import { segmentsOf } from "./shown.js";
import { apply, EditError, labelOf } from "./steps.js";

/** States of saving: nothing is sent, the answer is awaited, the new result is read. */
const IDLE = "idle";
const SENT = "sent";
const READING = "reading";

/** Where drafts are kept. Reading the property throws where the browser has switched storage off. */
function storage() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

const changes = (count) => (count === 1 ? "1 change" : `${count} changes`);

class Editor extends Emitter {
  constructor() {
    super();
    this.#reset();
    session.on("opened", () => this.#close());
    session.on("missing", () => this.#close());
    session.on("segments", () => this.#follow());
    session.on("deleted", (id) => id === session.id && this.discard());
    session.on("video", () => this.#checkOffer());
    access.on("change", () => this.#checkOffer());
    window.addEventListener("beforeunload", (event) => this.dirty && event.preventDefault());
  }

  #reset() {
    this.active = false;
    /** @type {Promise<boolean> | null} editing begins when the times of the frames have been read */
    this.opening = null;
    /** Why it could not begin; empty if it was not tried, or could. */
    this.problem = "";
    this.saving = IDLE;
    /** Revision that the draft starts from, and the one that this page has made it of by a save; 0: by none. */
    this.revision = this.savedFrom = 0;
    /** @type {History | null} */
    this.history = null;
    /** A step that is being tried, as by a drag: shown, not done. */
    this.tried = null;
    /** @type {Record<string, any[]> | null} the draft's segments by level, as the panels show them */
    this.segments = null;
    this.note = "";
    /** A sentence for the person; `wrong`: something was refused. */
    this.message = "";
    this.wrong = false;
    /** @type {{step: Step, reason: string}[]} steps that somebody else's result does not take */
    this.refused = [];
    this.keptInBrowser = true;
  }

  /** Whether this video's result can be corrected, with this key. */
  get available() {
    return session.video?.state === "done" && !session.provisional && session.finest.length > 0
      && access.may("write");
  }

  get steps() {
    return this.history ? stepsOf(this.history) : [];
  }

  /** How many steps are not saved; none where they have come back to the result. */
  get unsaved() {
    return this.history && correctionOf(this.history.base, this.done) ? this.history.done.length : 0;
  }

  /** How many steps would be lost with the draft: those that are not saved, and those that are refused. */
  get atStake() {
    return this.unsaved + this.refused.length;
  }

  get dirty() {
    return this.active && this.saving !== READING && this.atStake > 0;
  }

  /** The draft with the steps that are done, and as it is shown: with the one that is tried. */
  get done() {
    return this.history && present(this.history);
  }

  get draft() {
    return this.tried ?? this.done;
  }

  get canUndo() {
    return this.active && this.saving === IDLE && this.history.done.length > 0;
  }

  get canRedo() {
    return this.active && this.saving === IDLE && this.history.undone.length > 0;
  }

  /** The unsaved draft that this browser has kept of the video, if editing has not begun: {steps, atMs}; else null. */
  get offer() {
    if (this.active || !this.available || !storage()) return null;
    return kept(storage(), session.id);
  }

  /**
   * Begin to edit: at once if the times of the frames are there, else when they have come.
   * @returns {Promise<boolean>} whether it has begun
   */
  begin() {
    if (this.active || !this.available) return Promise.resolve(this.active);
    if (trueTimes.times) {
      this.#begin();
      return Promise.resolve(true);
    }
    if (!this.opening) {
      this.problem = "";
      this.opening = this.#open();
      this.emit("change");
    }
    return this.opening;
  }

  async #open() {
    const { abort } = session;
    const problem = await trueTimes.need();
    if (session.abort !== abort || abort.signal.aborted) return false; // another video, or this one is gone
    this.opening = null;
    this.problem = problem;
    if (!problem && this.available && !this.active) this.#begin();
    else this.emit("change");
    return this.active;
  }

  /** The steps that this browser has kept are done again on the current result. */
  #begin() {
    const { offer } = this;
    this.problem = "";
    this.active = true;
    this.#takeBase();
    if (offer) {
      this.note = offer.note;
      this.#rebase(offer.steps, offer.revision === this.revision ? ""
        : "The result has changed since: your changes now stand on the new one.");
    }
    this.#changed();
  }

  /** Forget the draft and show the result again. */
  discard() {
    if (session.id && storage()) forget(storage(), session.id);
    this.#close();
  }

  /** The text of a frame's time. */
  timeText = (frame) => clock(this.clock.timeOf(frame));

  /** A step as a sentence. */
  label(step) {
    return labelOf(step, this.timeText);
  }

  /**
   * Do a step.
   * @param {Step} step
   * @param {{nudge?: boolean}} [options] as in history.js
   * @returns {boolean} whether the draft has changed; else `message` says why not
   */
  do(step, options = {}) {
    this.tried = null;
    if (!this.active || this.saving !== IDLE) return false;
    try {
      const history = perform(this.history, step, options);
      const done = history !== this.history;
      this.history = history;
      this.#say(done ? this.label(step) : "");
      this.#changed();
      return done;
    } catch (error) {
      if (!(error instanceof EditError)) throw error;
      this.#say(error.message, true);
      this.#changed();
      return false;
    }
  }

  /** Show what a step would make without doing it; null: show the draft again. */
  try(step) {
    if (!this.active || this.saving !== IDLE) return;
    this.tried = step && this.#tryOut(step);
    this.#show();
    this.emit("change");
  }

  /** What a step would make; null where it cannot be done, since another result has come meanwhile. */
  #tryOut(step) {
    try {
      return apply(this.done, step);
    } catch (error) {
      if (error instanceof EditError) return null;
      throw error;
    }
  }

  /** Whether the next thing to undo is a save. A draft cannot do that: the revision before has to be chosen again. */
  get undoIsBeforeSave() {
    return this.active && this.saving === IDLE && this.savedFrom > 0 && !this.canUndo;
  }

  undo() {
    if (this.undoIsBeforeSave) {
      this.tell(`That is saved as revision ${this.revision}. To go back, show revision ${this.savedFrom} again, `
        + "under Revisions.");
    }
    if (!this.canUndo) return;
    this.#say(`Undone: ${this.label(this.steps[this.steps.length - 1])}`);
    this.history = undo(this.history);
    this.#changed();
  }

  redo() {
    if (!this.canRedo) return;
    this.history = redo(this.history);
    this.#say(this.label(this.steps[this.steps.length - 1]));
    this.#changed();
  }

  setNote(note) {
    this.note = note;
    this.#keep();
  }

  /** Accept that the refused steps are lost, and go on with the others. */
  acceptRefused() {
    this.refused = [];
    this.#say("");
    this.#changed();
  }

  /** Send the draft; the new revision is shown when it has been read. */
  async save() {
    const body = this.active && this.saving === IDLE && this.refused.length === 0
      ? correctionOf(this.history.base, this.done, this.note) : null;
    if (!body) return;
    const { id } = session;
    this.tried = null;
    this.saving = SENT;
    this.#say("Saving…");
    this.emit("change");
    try {
      const answer = await correctSegments(id, this.revision, body);
      if (storage()) forget(storage(), id);
      if (session.id !== id) return;
      this.saving = READING;
      this.saved = answer.revision;
      this.#follow(); // an event may have made the session read it before the answer came
      session.refresh();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (session.id !== id) return;
      this.saving = IDLE;
      this.#say(error.message, true);
      if (error.status === 412) {
        this.#say("Somebody else has saved first. Their result is being read.", true);
        this.#follow();
        session.reread();
      }
    }
    this.emit("change");
  }

  /** The result has been read: it may be the saved one, or somebody else's. */
  #follow() {
    if (!this.active) {
      this.#checkOffer();
      return;
    }
    const { segmentsRevision: revision } = session;
    if (session.provisional || session.finest.length === 0 || this.saving === SENT) return;
    if (revision === this.revision) return;
    if (!trueTimes.times) { // the result is of another stream, whose frames have times of their own
      this.#followLater();
      return;
    }
    const { saving, revision: before } = this;
    const steps = this.#own();
    this.#takeBase();
    if (saving === READING) {
      this.savedFrom = before;
      this.note = "";
      this.#say(`Saved as revision ${this.saved}.`);
    } else if (steps.length) {
      this.#rebase(steps, `Somebody else has saved revision ${revision}: your ${changes(steps.length)} now stand on `
        + "it. Look, and save again.");
    }
    this.#changed();
  }

  async #followLater() {
    const { abort } = session;
    const problem = await trueTimes.need();
    if (session.abort !== abort || !this.active) return;
    if (problem) this.tell(problem);
    else this.#follow();
  }

  /** Begin anew on the result that the session has. */
  #takeBase() {
    const { segments } = session;
    this.saving = IDLE;
    this.tried = null;
    this.refused = [];
    this.revision = session.segmentsRevision;
    this.savedFrom = 0;
    this.stored = segments;
    this.clock = trueTimes.clock();
    this.history = begin(draftOf(segments, this.clock));
    this.#say("");
  }

  #rebase(steps, message) {
    const { history, refused } = rebase(this.history.base, steps);
    this.history = history;
    this.refused = refused;
    if (refused.length) {
      this.#say(`${changes(refused.length)} of ${steps.length} cannot be made on the new result.`, true);
    } else {
      this.#say(history.done.length ? message : "The result has your changes already.");
    }
  }

  /** Say why something could not be done. */
  tell(message) {
    this.#say(message, true);
    this.emit("change");
  }

  #say(message, wrong = false) {
    this.message = message;
    this.wrong = wrong;
  }

  #changed() {
    this.#show();
    this.#keep();
    this.emit("change");
  }

  #show() {
    this.segments = segmentsOf(this.draft, this.history.base, this.stored, this.clock);
  }

  /** All steps of the person, also those that are refused: the person has not given them up. */
  #own() {
    return [...this.steps, ...this.refused.map(({ step }) => step)];
  }

  /** Refused steps are kept as well: after a reload, and on the next result, the person is asked about them again. */
  #keep() {
    const { revision, note } = this;
    this.keptInBrowser = storage() !== null
      && keep(storage(), session.id, { revision, steps: this.#own(), note });
  }

  /** The panels only have to know when the video can be corrected, and when not any more: it changes often. */
  #checkOffer() {
    const offered = this.available ? session.id : null;
    if (offered === this.offered) return;
    this.offered = offered;
    this.emit("change");
  }

  #close() {
    this.#reset();
    this.emit("change");
  }
}

export const editor = new Editor();
