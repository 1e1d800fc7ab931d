/** The panel that is shown without a video: an explanation on the start page, a message for an unknown id. */
import { fill, h, show } from "../toolkit/dom.js";
import { filename } from "../toolkit/filenames.js";
import { go } from "../toolkit/router.js";
import { access } from "../api/access.js";
import { session } from "../video/session.js";

/** Code, name and explanation of each level. */
const EXPLANATIONS = [
  ["chapter", "Chapters", "the parts of the whole: acts, topics, programme items"],
  ["scene", "Scenes", "shots that belong together in place, people and sound"],
  ["shot", "Shots", "from one cut, jump cut, dissolve, fade or wipe to the next"],
];

/** Widths in percent of the coloured bars that look like a timeline. */
const SAMPLE = { chapter: [38, 62], scene: [16, 22, 30, 14, 18], shot: [9, 7, 8, 14, 11, 12, 7, 8, 6, 10, 8] };

function sample(level) {
  return h("span", { class: "sample", dataset: { level }, "aria-hidden": "true" },
    SAMPLE[level].map((width) => h("i", { style: { width: `${width}%` } })));
}

function explanation() {
  return h("section", { class: "panel welcome", "aria-label": "How it works" },
    h("h1", {}, "See how a video is made"),
    h("p", { class: "lead" }, "Drop a video anywhere on this page. Picture and sound are analysed once, and the "
      + "timeline fills with shots while that goes on; scenes and chapters follow at the end."),
    h("dl", { class: "levels" }, EXPLANATIONS.map(([level, name, what]) => h("div", {},
      h("dt", {}, name, sample(level)), h("dd", {}, what)))),
    h("p", { class: "quiet" }, "Every boundary says what it is, how sure it is, and whether picture or sound "
      + "gives it away. The address of a video’s page is all you need to come back to it or to show it to "
      + "someone."),
    h("label", { class: "button primary", for: "upload-files" }, "Choose videos"));
}

/** For an address that leads to nothing: a video that was shown until somebody deleted it, or none. */
function unknownVideo() {
  const { lost, missing } = session;
  if (missing.status === 403) return notForThisKey();
  return h("section", { class: "panel welcome", role: "alert" },
    h("h1", {}, lost ? "This video was deleted" : "There is no video at this address"),
    h("p", { class: "lead" }, lost ? [filename(lost.filename), " and everything found in it are gone."]
      : "It may have been deleted, or the address is not complete."),
    h("button", { type: "button", class: "button primary", on: { click: () => go(null) } }, "To the start"));
}

/** A key may have the scope `write` alone: a machine that hands in videos needs no more. */
function notForThisKey() {
  return h("section", { class: "panel welcome", role: "alert" },
    h("h1", {}, "This key may not look at videos"),
    h("p", { class: "lead" }, "What you upload with it is analysed. To see the result, sign out and sign in with a "
      + "key that may read; whoever runs this installation can make one."),
    h("button", { type: "button", class: "button primary", on: { click: () => access.signOut() } }, "Sign out"));
}

/** @param {HTMLElement} element */
export function mountWelcome(element) {
  const draw = () => {
    show(element, !session.id || session.missing !== null);
    if (!session.id) fill(element, explanation());
    else if (session.missing) fill(element, unknownVideo());
    else fill(element);
  };
  session.on("opened", draw);
  session.on("missing", draw);
}
