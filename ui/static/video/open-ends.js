/**
 * Tells where the shots of a video in work have open ends. Parts are analysed one by one, and the first shot of each
 * part has the API's kind "start": only at the video's first frame does a shot begin there. Elsewhere nobody knows yet
 * where the shot begins, or whether it goes on. Pure functions.
 */
import { OPEN_END } from "./names.js";

/**
 * @param {any[]} shots provisional ones, in order
 * @returns {any[]} the same, with OPEN_END as the kind of each boundary that is none
 */
export function withOpenEnds(shots) {
  return shots.map((shot) => (shot.start_boundary?.kind === "start" && shot.start_frame > 0
    ? { ...shot, start_boundary: { ...shot.start_boundary, kind: OPEN_END, confidence: 0, visual: 0, audio: 0 } }
    : shot));
}
