/** Segments as the API gives them, for the tests of this folder, and random numbers that are the same in every run. */
import { draftOf } from "../../../ui/static/editing/draft.js";
import { FrameClock } from "../../../ui/static/video/frame-clock.js";

export const FPS = 25;

/** Segments of one level that start at these frames. */
function level(name, starts, endFrame, boundaries) {
  return starts.map((frame, index) => ({
    level: name, index, parent: null, start_frame: frame, end_frame: starts[index + 1] ?? endFrame,
    start_s: frame / FPS, end_s: (starts[index + 1] ?? endFrame) / FPS,
    start_boundary: { kind: index === 0 ? "start" : "cut", confidence: index === 0 ? 1 : 0.8, visual: 0.9, audio: 0.1,
      from_s: frame / FPS, to_s: frame / FPS, ...boundaries[frame] },
    label: `${name} ${index}`, title: null, title_source: null,
  }));
}

/**
 * Six shots in three scenes in two chapters, 600 frames; the fourth shot begins with a dissolve of 20 frames.
 * @param {{shot?: number[], scene?: number[], chapter?: number[], endFrame?: number}} [starts]
 */
export function film({ shot = [0, 100, 200, 300, 400, 500], scene = [0, 200, 400], chapter = [0, 400],
  endFrame = 600 } = {}) {
  const dissolve = { 300: { kind: "dissolve", from_s: 290 / FPS, to_s: 310 / FPS } };
  const segments = Object.fromEntries(Object.entries({ shot, scene, chapter })
    .map(([name, list]) => [name, level(name, list, endFrame, dissolve)]));
  const clock = new FrameClock(shot.length ? segments.shot : segments.scene);
  return { segments, clock, draft: draftOf(segments, clock) };
}

/** The times of such a film's frames, as the API tells them. */
export const frameTimes = (frames = 600) => ({ time_base: [1, FPS], frames, first_frame: 0, first_pts: 0,
  runs: [[1, frames]], next_frame: null });

export const framesOf = (draft, name) => draft.starts[name].map(({ frame }) => frame);

/** Numbers from 0 to 1, excluding 1, that follow from a seed (mulberry32). */
export function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
