/**
 * Signs in where the API requires a key. A dialog takes the key once and exchanges it for a session cookie that
 * scripts cannot read; the key itself is stored nowhere. A request that was answered 401 waits for `signIn` and is
 * then sent again by its caller.
 *
 * Events: `change` (after signing in, and when the answer of `loadSession` is there).
 */
import { h, setText, show } from "../toolkit/dom.js";
import { Emitter } from "../toolkit/emitter.js";

/** The syntax of a key. Other text is refused here: it may hold characters that no header value may have. */
const KEY = /^sk_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/;

const NOT_A_KEY = "This is not a key: one begins with sk_ and has 59 characters.";
const REFUSED = "This key is not known here, or it does not count any more. Ask whoever runs this installation for "
  + "another one.";
const NO_ANSWER = "The server does not answer. Try again in a moment.";

class Access extends Emitter {
  constructor() {
    super();
    this.sessionUrl = "";
    /** Name and owner of the session's key, without the secret; null where the API requires none. */
    this.key = null;
    /** @type {Promise<void> | null} the dialog that is open */
    this.pending = null;
  }

  /** Whether this browser has a session that can be ended. */
  get signedIn() {
    return this.key !== null;
  }

  /** Whether the session's key allows this; without a key everything is allowed. */
  may(scope) {
    const scopes = this.key?.scopes ?? [scope];
    return scopes.includes(scope) || scopes.includes("admin");
  }

  /** Ask the API for this browser's session; open the sign-in dialog when it answers 401. */
  async loadSession() {
    try {
      const answer = await fetch(this.sessionUrl, { cache: "no-store" });
      if (answer.status === 401) await this.signIn();
      else if (answer.ok) this.#setSession(await answer.json());
    } catch (error) {
      // The page works without it: the first request that needs a key opens the dialog.
      console.info("the session could not be read:", error.message);
    }
  }

  /**
   * Show the dialog until a key is accepted. Calls during that time return the same promise.
   * @returns {Promise<void>}
   */
  signIn() {
    this.pending ??= this.#showDialog().finally(() => {
      this.pending = null;
    });
    return this.pending;
  }

  /** End the session on the server and reload the page. */
  async signOut() {
    await fetch(this.sessionUrl, { method: "DELETE" });
    window.location.reload();
  }

  #setSession(session) {
    this.key = session.way === "open" ? null : session.key;
    this.emit("change");
  }

  #showDialog() {
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
      // Escape must not close it: without a key no request of the page succeeds.
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

  /** @returns {Promise<string | null>} a sentence that says why the key was refused; null when it was accepted */
  async #exchange(key) {
    if (!KEY.test(key)) return NOT_A_KEY;
    let answer;
    try {
      answer = await fetch(this.sessionUrl, { method: "POST", cache: "no-store",
        headers: { Authorization: `Bearer ${key}` } });
      const body = await answer.json();
      // The API's sentence is for programs: it speaks of headers and of variables.
      if (answer.status === 401) return REFUSED;
      if (!answer.ok) return body.detail ?? `The server answered with an error (${answer.status}).`;
      this.#setSession(body);
      return null;
    } catch {
      return answer ? `The server answered with an error (${answer.status}).` : NO_ANSWER;
    }
  }
}

export const access = new Access();
