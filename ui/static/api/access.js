/**
 * Signing in, where the API needs a key. The key is asked for once, exchanged for a cookie that scripts cannot
 * read, and kept nowhere else; every request that was refused meanwhile goes on by itself.
 *
 * Events: `change` (signed in, or how the API lets us in became known).
 */
import { h, setText, show } from "../toolkit/dom.js";
import { Emitter } from "../toolkit/emitter.js";

/** What a key looks like; anything else is not worth a request, and could not even be a header's value. */
const KEY = /^sk_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/;

const NOT_A_KEY = "This is not a key: one begins with sk_ and has 59 characters.";
const NO_ANSWER = "The server does not answer. Try again in a moment.";

class Access extends Emitter {
  constructor() {
    super();
    this.sessionUrl = "";
    /** The key that counts, without what opens anything; null where none is needed. */
    this.key = null;
    /** @type {Promise<void> | null} */
    this.asking = null;
  }

  /** Whether this browser holds a session that can be ended. */
  get signedIn() {
    return this.key !== null;
  }

  /** Learn how the API lets us in; signs in first where it does not. */
  async look() {
    try {
      const answer = await fetch(this.sessionUrl, { cache: "no-store" });
      if (answer.status === 401) await this.signIn();
      else if (answer.ok) this.#take(await answer.json());
    } catch (error) {
      // The page works without knowing; a request that needs a key will ask for it.
      console.info("how the API lets us in is not known yet:", error.message);
    }
  }

  /**
   * Ask for a key until one is accepted; who asks meanwhile waits for the same answer.
   * @returns {Promise<void>}
   */
  signIn() {
    this.asking ??= this.#ask().finally(() => {
      this.asking = null;
    });
    return this.asking;
  }

  /** End the session in this browser and begin anew. */
  async signOut() {
    await fetch(this.sessionUrl, { method: "DELETE" });
    window.location.reload();
  }

  #take(session) {
    this.key = session.way === "open" ? null : session.key;
    this.emit("change");
  }

  #ask() {
    return new Promise((resolve) => {
      const key = h("input", { type: "password", id: "access-key", name: "key", required: true,
        autocomplete: "current-password", spellcheck: "false", placeholder: "sk_…", autofocus: true,
        "aria-describedby": "access-why" });
      const why = h("p", { id: "access-why", class: "access-why", role: "alert", hidden: true });
      const go = h("button", { type: "submit", class: "button primary" }, "Sign in");
      const form = h("form", { method: "dialog" }, h("h2", {}, "This installation needs a key"),
        h("p", {}, "You get one from whoever runs it. This browser keeps a session instead of the key."),
        h("label", { for: "access-key" }, "API key"), key, why, h("div", { class: "dialog-actions" }, go));
      const dialog = /** @type {HTMLDialogElement} */ (h("dialog", { class: "dialog access",
        "aria-label": "Sign in" }, form));
      // There is nothing behind it to go back to.
      dialog.addEventListener("cancel", (event) => event.preventDefault());
      dialog.addEventListener("keydown", (event) => event.key === "Escape" && event.preventDefault());
      form.addEventListener("submit", async (event) => {
        event.preventDefault();
        go.disabled = true;
        const refused = await this.#exchange(key.value.trim());
        go.disabled = false;
        if (refused) {
          setText(why, refused);
          show(why, true);
          key.select();
          return;
        }
        dialog.close();
        dialog.remove();
        resolve();
      });
      document.body.append(dialog);
      dialog.showModal();
    });
  }

  /** @returns {Promise<string | null>} why the key is not accepted, or null when it is */
  async #exchange(key) {
    if (!KEY.test(key)) return NOT_A_KEY;
    let answer;
    try {
      answer = await fetch(this.sessionUrl, { method: "POST", cache: "no-store",
        headers: { Authorization: `Bearer ${key}` } });
      const said = await answer.json();
      if (!answer.ok) return said.detail ?? `The server answered with an error (${answer.status}).`;
      this.#take(said);
      return null;
    } catch {
      return answer ? `The server answered with an error (${answer.status}).` : NO_ANSWER;
    }
  }
}

export const access = new Access();
