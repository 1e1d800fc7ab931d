/**
 * Videos by their addresses: the server fetches them. A form takes one address a line; the API answers for each, and
 * each has a row in the list of uploads, which tells how far it is until the server has the file.
 */
import { h, setText } from "../toolkit/dom.js";
import { ApiError, getVideo, importVideos } from "../api/requests.js";
import { currentId } from "../toolkit/router.js";
import { addressesIn, MOST_AT_ONCE, nameOfAddress } from "./addresses.js";
import { ImportItem } from "./import-item.js";

/** The server is asked so often how far it is, for at most so many videos at a time, in turn. */
const LOOK_EVERY_MS = 2000;
const LOOKED_AT = 4;

export class Imports {
  /**
   * @param {object} does
   * @param {() => string} does.preset the preset that is chosen
   * @param {(item: ImportItem) => void} does.onAdded a row for the list
   * @param {(id: string, startedFrom: string | null) => void} does.onMade videos were made, this one the first, of
   *   addresses that were handed in while that one was open
   * @param {(item: ImportItem) => void} does.onDone the server has its file
   * @param {(event: Event, id: string) => void} does.onOpen
   */
  constructor(does) {
    this.does = does;
    /** @type {ImportItem[]} those that the server still has to fetch */
    this.open = [];
    this.text = /** @type {HTMLTextAreaElement} */ (h("textarea", { id: "upload-addresses", rows: "3",
      spellcheck: "false", autocomplete: "off", placeholder: "https://…",
      "aria-describedby": "upload-addresses-note" }));
    this.send = h("button", { type: "submit", class: "button primary" }, "Fetch");
    this.note = h("p", { class: "quiet", id: "upload-addresses-note", role: "status" },
      "One address of a video file a line. The server fetches them.");
    this.element = h("details", { class: "upload-addresses" }, h("summary", {}, "From addresses"),
      h("form", { on: { submit: (event) => { event.preventDefault(); this.#submit(); } } },
        h("label", { class: "visually-hidden", for: "upload-addresses" }, "Addresses, one a line"), this.text,
        h("div", { class: "upload-answers" }, this.send), this.note));
  }

  /** Hand in what the field says. Lines that are refused stay in it, with the reason in the list. */
  async #submit() {
    const { addresses, wrong } = addressesIn(this.text.value);
    if (!addresses.length && !wrong.length) {
      this.text.focus();
      return;
    }
    const startedFrom = currentId();
    this.send.disabled = true;
    this.text.readOnly = true; // it says in the end what was not taken
    const left = wrong.map(({ line }) => line);
    for (const { line, why } of wrong) this.#refuse(line, why);
    try {
      for (let start = 0; start < addresses.length; start += MOST_AT_ONCE) {
        left.push(...await this.#hand(addresses.slice(start, start + MOST_AT_ONCE), startedFrom));
      }
    } finally {
      this.send.disabled = false;
      this.text.readOnly = false;
      this.text.value = left.join("\n");
    }
  }

  /** Hand in these; gives those that were not taken. */
  async #hand(addresses, startedFrom) {
    const preset = this.does.preset();
    let outcomes;
    try {
      ({ items: outcomes } = await importVideos(addresses.map((url) => ({ url, ...(preset ? { preset } : {}),
        ...(addresses.length === 1 ? { priority: "interactive" } : {}) }))));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setText(this.note, error.message);
      return addresses;
    }
    const refused = [];
    const made = [];
    outcomes.forEach(({ video, problem }, place) => {
      const address = addresses[place];
      if (video) {
        this.#follow(nameOfAddress(address), video);
        made.push(video.id);
      } else {
        refused.push(address);
        this.#refuse(address, problem.detail ?? problem.title);
      }
    });
    if (made.length) this.does.onMade(made[0], startedFrom);
    setText(this.note,
      `${made.length} of ${outcomes.length} ${made.length === 1 ? "is" : "are"} fetched by the server.`);
    return refused;
  }

  #refuse(line, why) {
    const item = new ImportItem(line, () => item.element.remove());
    this.does.onAdded(item);
    item.failed(why);
  }

  #follow(name, video) {
    const item = new ImportItem(name, () => this.#drop(item));
    this.does.onAdded(item);
    this.open.push(item);
    this.#show(item, video);
    this.timer ??= window.setTimeout(() => this.#look(), LOOK_EVERY_MS);
  }

  /** The server goes on: only the row is taken away. */
  #drop(item) {
    this.open = this.open.filter((other) => other !== item);
    item.element.remove();
  }

  #show(item, video) {
    item.show(video, (event) => this.does.onOpen(event, item.id));
    if (item.open) return;
    this.open = this.open.filter((other) => other !== item);
    if (item.state === "done") this.does.onDone(item);
  }

  /** Ask for the next few, the longest not asked for first. */
  async #look() {
    const some = this.open.splice(0, LOOKED_AT);
    this.open.push(...some);
    await Promise.all(some.map((item) => this.#lookAt(item)));
    this.timer = this.open.length ? window.setTimeout(() => this.#look(), LOOK_EVERY_MS) : null;
  }

  async #lookAt(item) {
    try {
      const video = await getVideo(item.id);
      if (this.open.includes(item)) this.#show(item, video);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 404) this.#drop(item); // somebody has deleted it
      else if (error.status === 403) this.#close(item, () => item.handedIn());
      else if (!error.transient) this.#close(item, () => item.failed(error.message));
    }
  }

  /** It is not asked for again. */
  #close(item, end) {
    end();
    this.open = this.open.filter((other) => other !== item);
  }
}
