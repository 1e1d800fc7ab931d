/**
 * Parses the answer of `/signals` into curves that the timeline paints. A curve is a list of columns that are
 * equally long in time; each has the minimum and the maximum of the values in it, NaN where nothing was measured.
 * Pure functions.
 */
import { indexAt } from "./segments.js";

/**
 * @typedef {{name: string, unit: string, low: Float32Array, high: Float32Array}} Curve
 * @typedef {{startS: number, endS: number, curves: Curve[]}} Signals
 */

/** Kinds of sound that have a curve. Where several are likely, the first of this list is shown. */
const HEARD_KINDS = ["speech", "singing", "music"];
export const SOUND_KINDS = [...HEARD_KINDS, "silence"];

/** Bottom and top of a drawn curve of loudness: about the range of EBU R 128 meters. */
const LOUDNESS_RANGE_LUFS = [-60, -5];

/** Probability from which a kind of sound is shown: more likely than not. */
const SOUND_SHOWN_FROM = 0.5;

/** A column whose loudest value is below this is shown as silence: it holds noise at most. */
const SILENT_BELOW_LUFS = -58;

/** A kind of sound must fill more than this share of a shot to stand for the shot. */
const LEAST_DOMINANT_SHARE = 1 / 3;

const toArray = (values) => Float32Array.from(values, (value) => value ?? Number.NaN);

/**
 * @param {any} document the answer of `/signals`
 * @returns {Signals}
 */
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

/** The curve of the loudness in LUFS, NaN in digital silence; null where there is none. */
export const loudnessOf = (signals) => curveOf(signals, "loudness");

/** Loudness in LUFS as a share (0 to 1) of the height it is drawn in; 0 for NaN. */
export function loudnessShare(lufs) {
  const [low, high] = LOUDNESS_RANGE_LUFS;
  return Number.isNaN(lufs) ? 0 : Math.min(1, Math.max(0, (lufs - low) / (high - low)));
}

/** The curve of the probability that a frame is part of a transition; null where there is none. */
export const changeOf = (signals) => curveOf(signals, "transition") ?? curveOf(signals, "cut");

/** Index of the column, of `length`, that covers `timeS`; -1 outside of the curves. */
export function columnAt(signals, length, timeS) {
  const spanS = signals.endS - signals.startS;
  if (spanS <= 0 || timeS < signals.startS || timeS > signals.endS) return -1;
  return Math.min(length - 1, Math.floor(((timeS - signals.startS) / spanS) * length));
}

/**
 * Make a function from a time to the kind of sound at it: "other" for none of the known kinds, null for not
 * measured. It reads the curves of the kinds of sound; without such curves, the shares in each segment's `audio`.
 */
export function soundReader(signals, segments) {
  const curves = HEARD_KINDS.map((kind) => curveOf(signals, kind));
  if (curves.some(Boolean)) {
    const loudness = loudnessOf(signals);
    return (timeS) => soundOfCurves(signals, curves, loudness, timeS);
  }
  return (timeS) => {
    const segment = segments[indexAt(segments, timeS)];
    return segment?.audio && timeS < segment.end_s ? dominantSound(segment.audio) : null;
  };
}

function soundOfCurves(signals, curves, loudness, timeS) {
  let known = false;
  for (let index = 0; index < curves.length; index += 1) {
    const curve = curves[index];
    const column = curve ? columnAt(signals, curve.high.length, timeS) : -1;
    if (column < 0 || Number.isNaN(curve.high[column])) continue;
    known = true;
    if ((curve.low[column] + curve.high[column]) / 2 >= SOUND_SHOWN_FROM) return HEARD_KINDS[index];
  }
  if (!known) return null;
  const loudest = loudness?.high[columnAt(signals, loudness.high.length, timeS)];
  return loudness && !(loudest >= SILENT_BELOW_LUFS) ? "silence" : "other";
}

/** The kind of sound with the largest share of a segment, or "other" where none has a third. */
function dominantSound(audio) {
  let best = "other";
  let share = LEAST_DOMINANT_SHARE;
  for (const kind of SOUND_KINDS) {
    if ((audio[kind] ?? 0) > share) {
      best = kind;
      share = audio[kind];
    }
  }
  return best;
}
