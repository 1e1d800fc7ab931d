/**
 * Paints the timeline's canvases: ruler, kinds of sound and curves. A canvas is as wide as the visible part, not as the
 * zoomed timeline, and is painted again when that part changes. Colours come from the style sheet.
 */
import { colours, prepare } from "../toolkit/canvas.js";
import { rulerClock } from "../toolkit/format.js";
import { KINDS } from "../video/names.js";
import { session } from "../video/session.js";
import { indexAt } from "../video/segments.js";
import { changeOf, columnAt, loudnessOf, loudnessShare, soundReader } from "../video/signals.js";
import { zoom } from "./zoom.js";

/** Possible distances of two ticks; the first that leaves room for the labels is used. */
const TICK_STEPS_S = [0.04, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
/** Least distance of two labelled ticks. */
const TICK_EVERY_PX = 84;

/**
 * Ticks with their times, and four small ticks in between.
 * @param {HTMLCanvasElement} canvas
 * @param {number} scrollPx left edge of the visible part
 */
export function paintRuler(canvas, scrollPx) {
  const { context, width, height } = prepare(canvas);
  const colour = colours(canvas);
  const wanted = TICK_EVERY_PX / zoom.pxPerS;
  const step = TICK_STEPS_S.find((seconds) => seconds >= wanted) ?? TICK_STEPS_S[TICK_STEPS_S.length - 1];
  context.font = `11px ${window.getComputedStyle(canvas).fontFamily}`;
  context.textBaseline = "middle";
  const last = Math.ceil(zoom.toS(scrollPx + width) / step);
  for (let tick = Math.floor(zoom.toS(scrollPx) / step); tick <= last; tick += 1) {
    const x = Math.round(zoom.toPx(tick * step) - scrollPx) + 0.5;
    context.strokeStyle = colour("--line-strong");
    context.beginPath();
    context.moveTo(x, height - 7);
    context.lineTo(x, height);
    context.stroke();
    context.fillStyle = colour("--muted");
    const text = rulerClock(tick * step, step);
    if (x + 4 + context.measureText(text).width <= width) context.fillText(text, x + 4, height / 2);
    context.strokeStyle = colour("--line");
    for (let minor = 1; minor < 5; minor += 1) {
      const at = Math.round(zoom.toPx((tick + minor / 5) * step) - scrollPx) + 0.5;
      context.beginPath();
      context.moveTo(at, height - 4);
      context.lineTo(at, height);
      context.stroke();
    }
  }
}

/**
 * Segments of which not all have buttons: a band each, and a line in the colour of its kind.
 * @param {HTMLCanvasElement} canvas
 * @param {"chapter" | "scene" | "shot"} level
 * @param {any[]} segments all of the level
 * @param {number} fromS start of the visible part
 * @param {number} toS its end
 */
export function paintSegments(canvas, level, segments, fromS, toS) {
  const { context, height } = prepare(canvas);
  const colour = colours(canvas);
  const fills = [colour(`--${level}`), colour(`--${level}-2`)];
  const kinds = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, colour(`--kind-${kind}`)]));
  let paintedPx = -1;
  for (let place = Math.max(0, indexAt(segments, fromS)); place < segments.length; place += 1) {
    const { start_s: startS, end_s: endS, start_boundary: start } = segments[place];
    if (startS > toS) return;
    // Whole pixels: parts of them would be mixed with the background. Of several on one pixel the first is seen.
    const x = Math.floor((startS - fromS) * zoom.pxPerS);
    const end = Math.ceil((endS - fromS) * zoom.pxPerS);
    if (end <= paintedPx) continue;
    paintedPx = end;
    context.fillStyle = fills[place % 2];
    context.fillRect(x, 0, end - x, height);
    context.globalAlpha = 0.4;
    context.fillStyle = kinds[start?.kind] ?? kinds.cut;
    context.fillRect(x, 0, 1, height);
    context.globalAlpha = 1;
  }
}

/** The kind of sound at each pixel, as coloured runs. */
export function paintSound(canvas, scrollPx) {
  const { context, width, height } = prepare(canvas);
  const colour = colours(canvas);
  const kindAt = soundReader(session.signals, session.finest);
  let runKind = null;
  let runFrom = 0;
  for (let x = 0; x <= width; x += 1) {
    const kind = x < width ? kindAt(zoom.toS(scrollPx + x + 0.5)) : null;
    if (kind === runKind) continue;
    if (runKind) {
      context.fillStyle = colour(`--sound-${runKind}`);
      context.fillRect(runFrom, 0, x - runFrom, height);
    }
    runKind = kind;
    runFrom = x;
  }
}

/** A curve as a filled area below the greatest value of each pixel; `toShare` maps a value to 0 to 1 of the height. */
function paintCurve(canvas, scrollPx, curve, toShare, colourName) {
  const { context, width, height } = prepare(canvas);
  if (!curve) return;
  const { signals } = session;
  const columns = curve.high.length;
  const tops = new Float32Array(width);
  for (let x = 0; x < width; x += 1) {
    const from = columnAt(signals, columns, zoom.toS(scrollPx + x));
    const to = columnAt(signals, columns, zoom.toS(scrollPx + x + 1));
    let greatest = Number.NaN;
    for (let column = from; from >= 0 && column <= Math.max(from, to); column += 1) {
      const value = curve.high[column];
      if (!(value <= greatest)) greatest = Number.isNaN(value) ? greatest : value;
    }
    tops[x] = Number.isNaN(greatest) ? 0 : Math.min(1, Math.max(0, toShare(greatest)));
  }
  context.fillStyle = colours(canvas)(colourName);
  context.beginPath();
  context.moveTo(0, height);
  for (let x = 0; x < width; x += 1) context.lineTo(x + 0.5, height - tops[x] * (height - 1));
  context.lineTo(width, height);
  context.fill();
}

export function paintLoudness(canvas, scrollPx) {
  paintCurve(canvas, scrollPx, loudnessOf(session.signals), loudnessShare, "--curve-sound");
}

export function paintChange(canvas, scrollPx) {
  paintCurve(canvas, scrollPx, changeOf(session.signals), (value) => value, "--curve-picture");
}
