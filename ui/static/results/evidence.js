/** Shows why a boundary was found: bars for its cues, and the curves around it. */
import { h } from "../toolkit/dom.js";
import { colours, prepare } from "../toolkit/canvas.js";
import { share } from "../toolkit/format.js";
import { session } from "../video/session.js";
import { changeOf, columnAt, loudnessOf, loudnessShare, soundReader } from "../video/signals.js";

/** Height of the band of sounds below the curves. */
const SOUND_PX = 8;

/** Width of the line at the boundary. */
const LINE_PX = 2;

/** A named bar for a share of 0 to 1; null where it was not measured. */
export function meter(name, value) {
  if (value === null || value === undefined) return null;
  return h("div", { class: "meter" }, h("span", {}, name),
    h("span", { class: "meter-bar" }, h("i", { style: { width: `${Math.round(Math.min(1, value) * 100)}%` } })),
    h("span", { class: "meter-value" }, share(value)));
}

/** The bars of all cues of a boundary. */
export function meters(boundary) {
  return [meter("Confidence", boundary.confidence), meter("Picture", boundary.visual), meter("Sound", boundary.audio),
    meter("New topic", boundary.topic), meter("New scene", boundary.scene_probability)];
}

/** Whether there are curves to paint. */
export const hasCurves = () => changeOf(session.signals) !== null || loudnessOf(session.signals) !== null;

/**
 * Paint change as an area, loudness as a line and kinds of sound as a band, with the transition's extent behind them.
 * @param {HTMLCanvasElement} canvas
 * @param {number} fromS left edge
 * @param {number} toS right edge
 * @param {{at: number, from: number, to: number}} boundaryS the boundary and its extent
 */
export function paintCurves(canvas, fromS, toS, boundaryS) {
  const { context, width, height } = prepare(canvas);
  const colour = colours(canvas);
  const toX = (seconds) => ((seconds - fromS) / (toS - fromS)) * width;
  const bottom = height - SOUND_PX - 2;
  context.fillStyle = colour("--info-bg");
  context.fillRect(toX(boundaryS.from), 0, Math.max(LINE_PX, toX(boundaryS.to) - toX(boundaryS.from)), bottom);

  const change = valuesOf(changeOf(session.signals), width, fromS, toS);
  context.fillStyle = colour("--curve-picture");
  context.beginPath();
  context.moveTo(0, bottom);
  change.forEach((value, x) => context.lineTo(x + 0.5, bottom * (1 - Math.min(1, Math.max(0, value || 0)))));
  context.lineTo(width, bottom);
  context.fill();

  context.strokeStyle = colour("--curve-sound");
  context.lineWidth = 1.5;
  context.beginPath();
  valuesOf(loudnessOf(session.signals), width, fromS, toS)
    .forEach((value, x) => context.lineTo(x + 0.5, bottom * (1 - loudnessShare(value))));
  context.stroke();

  const kindAt = soundReader(session.signals, session.finest);
  for (let x = 0; x < width; x += 1) {
    const kind = kindAt(fromS + ((x + 0.5) / width) * (toS - fromS));
    if (!kind) continue;
    context.fillStyle = colour(`--sound-${kind}`);
    context.fillRect(x, height - SOUND_PX, 1, SOUND_PX);
  }
  context.fillStyle = colour("--playhead");
  context.fillRect(toX(boundaryS.at) - LINE_PX / 2, 0, LINE_PX, height);
}

/** The greatest value of a curve in each of `width` equal parts of a stretch; empty without a curve. */
function valuesOf(curve, width, fromS, toS) {
  if (!curve) return [];
  const { signals } = session;
  const columns = curve.high.length;
  return Array.from({ length: width }, (_, x) => {
    const startS = fromS + (x / width) * (toS - fromS);
    const first = columnAt(signals, columns, startS);
    const last = columnAt(signals, columns, startS + (toS - fromS) / width);
    let greatest = Number.NaN;
    for (let column = first; column >= 0 && column <= Math.max(first, last); column += 1) {
      const value = curve.high[column];
      if (!(value <= greatest)) greatest = Number.isNaN(value) ? greatest : value;
    }
    return greatest;
  });
}
