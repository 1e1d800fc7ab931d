/**
 * Which keys the focused element keeps for itself; all others are the film's. Pure functions: they know no element of
 * the page.
 *
 * @typedef {{tag: string, type?: string, role?: string | null, dialog?: boolean, editable?: boolean, drawer?: boolean,
 *   segment?: boolean, byKeyboard: boolean}} Focused tag and type in small letters; dialog: one is open, also where a
 *   click beside it has taken its focus away; drawer: it stands in one; segment: it stands for a segment; byKeyboard:
 *   a key brought the focus there, not a pointer
 */

/** Keys that move a slider. */
const SLIDER_KEYS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"]);

const TOGGLES = new Set(["checkbox", "radio"]);
const PRESSED = new Set(["button", "summary", "a", "label"]);

/**
 * Whether the focused element needs the key itself. What is typed into keeps all keys. A button keeps Space and Enter,
 * and a tab the arrows, only if they were reached by keyboard: a click must not take the keys from the film.
 * @param {Focused} focused
 * @param {string} key as in KeyboardEvent
 */
export function keepsKey({ tag, type = "", role = null, dialog, editable, drawer, segment, byKeyboard }, key) {
  if (dialog || editable || tag === "textarea" || tag === "select") return true;
  if (tag === "input") {
    if (type === "range") return SLIDER_KEYS.has(key) && Boolean(byKeyboard || drawer);
    if (TOGGLES.has(type)) return key === " " && byKeyboard;
    return true;
  }
  if (role === "tab" && (key === "ArrowLeft" || key === "ArrowRight")) return byKeyboard;
  if (!PRESSED.has(tag) || !byKeyboard) return false;
  if (key === " ") return !segment;
  return key === "Enter";
}

/**
 * The name of a key in the table of shortcuts. Letters are small, and Shift counts for arrows; "Mod" is Ctrl or ⌘. With
 * Mod or Alt, Shift counts for every key.
 */
export function nameOfKey(event) {
  const { key, shiftKey } = event;
  const plain = key.length === 1 ? key.toLowerCase() : key;
  const modified = hasModifier(event);
  const shift = shiftKey && (modified || key.startsWith("Arrow")) ? "Shift+" : "";
  return (modified ? (event.ctrlKey || event.metaKey ? "Mod+" : "Alt+") : "") + shift + plain;
}

/**
 * Whether a key comes with a modifier, by which most keys are commands of the browser or the system. AltGr, by which
 * many keyboards type brackets, is told as Ctrl and Alt.
 * @param {{ctrlKey: boolean, metaKey: boolean, altKey: boolean, getModifierState: (name: string) => boolean}} event
 */
export function hasModifier(event) {
  if (event.metaKey) return true;
  return (event.ctrlKey || event.altKey) && !event.getModifierState("AltGraph");
}
