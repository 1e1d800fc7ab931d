/**
 * Reads what `/signals` gives into what the timeline draws. A curve is a list of columns of equal width in
 * time, each with the least and the greatest value in it; gaps are NaN.
 */
import { indexAt } from "./segments.js";

/**
 * @typedef {{name: string, unit: string, low: Float32Array, high: Float32Array}} Curve
 * @typedef {{startS: number, endS: number, curves: Curve[]}} Signals
 */

/** Kinds of sound in the order in which one covers another where both are likely. */
const HEARD_KINDS = ["speech", "singing", "music"];
export const SOUND_KINDS = [...HEARD_KINDS, "silence"];

/** A kind of sound is shown where it is more likely than not. */
const SOUND_SHOWN_FROM = 0.5;

/** Quieter than this all the while is silence: hiss at most. */
const SILENT_BELOW_LUFS = -58;

const toArray = (values) => Float32Array.from(values, (value) => value ?? Number.NaN);

/** @returns {Signals} */
export function readSignals(document) {
  return {
    startS: document.start_s,
    endS: document.end_s,
    curves: document.curves.map((curve) => ({
      name: curve.name, unit: curve.unit ?? "", low: toArray(curve.min), high: toArray(curve.max),
    })),
  };
}

const curveOf = (signals, name) => signals?.curves.find((curve) => curve.name === name) ?? null;

/** The loudness in LUFS; NaN where there is digital silence. */
export const loudnessOf = (signals) => curveOf(signals, "loudness");

/** How likely a picture is part of a transition. */
export const changeOf = (signals) => curveOf(signals, "transition") ?? curveOf(signals, "cut");

/** Column of a curve that covers `time`, or -1. */
export function columnAt(signals, length, time) {
  const span = signals.endS - signals.startS;
  if (span <= 0 || time < signals.startS || time > signals.endS) return -1;
  return Math.min(length - 1, Math.floor(((time - signals.startS) / span) * length));
}

/**
 * A function from a time to the kind of sound there (or "other", or null for nothing known): from the curves
 * where there are such, else from the shares that each shot carries.
 */
export function soundReader(signals, shots) {
  const curves = HEARD_KINDS.map((kind) => curveOf(signals, kind));
  if (curves.some(Boolean)) {
    const loudness = loudnessOf(signals);
    return (time) => soundOfCurves(signals, curves, loudness, time);
  }
  return (time) => {
    const shot = shots[indexAt(shots, time)];
    return shot?.audio && time < shot.end_s ? dominantSound(shot.audio) : null;
  };
}

function soundOfCurves(signals, curves, loudness, time) {
  let known = false;
  for (let index = 0; index < curves.length; index += 1) {
    const curve = curves[index];
    const column = curve ? columnAt(signals, curve.high.length, time) : -1;
    if (column < 0 || Number.isNaN(curve.high[column])) continue;
    known = true;
    if ((curve.low[column] + curve.high[column]) / 2 >= SOUND_SHOWN_FROM) return HEARD_KINDS[index];
  }
  if (!known) return null;
  const loudest = loudness?.high[columnAt(signals, loudness.high.length, time)];
  return loudness && !(loudest >= SILENT_BELOW_LUFS) ? "silence" : "other";
}

/** The kind that fills most of a segment, or "other" where none fills a third. */
export function dominantSound(audio) {
  let best = "other";
  let share = 1 / 3;
  for (const kind of SOUND_KINDS) {
    if ((audio[kind] ?? 0) > share) {
      best = kind;
      share = audio[kind];
    }
  }
  return best;
}
