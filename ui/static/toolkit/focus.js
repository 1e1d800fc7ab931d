/**
 * Tells whether a key or a pointer brought the focus to where it is. `:focus-visible` does not tell it: browsers differ
 * about an element that was clicked before a key is pressed.
 */
let lastInput = "keyboard";
let reachedBy = "keyboard";

document.addEventListener("pointerdown", () => {
  lastInput = "pointer";
  reachedBy = "pointer"; // the element may have the focus already
}, { capture: true });
document.addEventListener("keydown", () => {
  lastInput = "keyboard";
}, { capture: true });
document.addEventListener("focusin", () => {
  reachedBy = lastInput;
}, { capture: true });

/** Whether the focused element was reached by keyboard, or by the page itself after a key. */
export const reachedByKeyboard = () => reachedBy === "keyboard";
