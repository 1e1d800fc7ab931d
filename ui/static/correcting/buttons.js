/** The buttons in the drawer that correct the selected boundary: right, wrong, by a frame, and the segment's name. */
import { fill, h, setText, show } from "../toolkit/dom.js";
import { access } from "../api/access.js";
import { session } from "../video/session.js";
import { editor } from "../editing/editor.js";
import { boundary } from "../results/boundary.js";
import { nudge, rename, strike, toggleConfirmed } from "./commands.js";

/**
 * Fill the drawer's place for them.
 * @param {HTMLElement} element
 */
export function mountButtons(element) {
  const button = (text, title, run) => h("button", { type: "button", class: "button", title,
    on: { click: run } }, text);
  const right = button("✓ Right", "Later settings and words keep this boundary (R)", () => toggleConfirmed());
  const wrong = button("✗ Wrong", "Take this boundary away (W)", () => strike());
  const earlier = button("−1 frame", "One frame earlier (Alt ←)", () => nudge(-1));
  const later = button("+1 frame", "One frame later (Alt →)", () => nudge(1));
  const name = button("Name…", "Name this segment (F2)", () => rename());
  const said = h("span", { class: "quiet", role: "status" });
  fill(element, right, wrong, earlier, later, name, said);
  const draw = () => {
    const { segment, level } = boundary;
    show(element, segment !== null && (editor.active || editor.available));
    if (!segment) return;
    const first = segment.index === 0;
    const locked = segment.start_boundary?.locked === true;
    for (const each of [right, wrong, earlier, later]) each.disabled = first;
    right.setAttribute("aria-pressed", String(locked));
    show(name, level !== "shot");
    setText(said, first ? "The video starts here." : locked ? "Set by hand: later results keep it." : "");
  };
  boundary.on("change", draw);
  editor.on("change", draw);
  session.on("video", draw);
  access.on("change", draw);
  draw();
}
