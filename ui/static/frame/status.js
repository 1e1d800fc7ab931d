/** The panel above the player: facts of the video, progress or failure of its analysis, and its actions and exports. */
import { confirmDialog, fill, h, setText, show } from "../toolkit/dom.js";
import { filename, plainName, showFilename } from "../toolkit/filenames.js";
import { bytes, count, duration, percent, remaining } from "../toolkit/format.js";
import { go } from "../toolkit/router.js";
import { ApiError, cancelVideo, deleteVideo, resegmentVideo, retryVideo } from "../api/requests.js";
import { LEVELS, STATE_NAMES, TERMINAL } from "../video/names.js";
import { session } from "../video/session.js";
import { editor } from "../editing/editor.js";
import { shownSegments, tuning } from "../results/tuning.js";
import { exportMenu } from "./exports.js";

/** A sentence for each state that is not an error. */
const STORIES = {
  queued: "Waiting for a free place. You can close this page and come back to its address.",
  running: "Analysing picture and sound. Shots appear as they are found.",
  finalizing: "Grouping the shots into scenes and chapters.",
  cancelled: "Stopped before it was finished. What was found until then is kept.",
};

const LOST = "The result of this video was lost on the server. The file is there: Retry makes the result anew.";

/** Before so many seconds a pace says nothing. */
const PACE_FROM_S = 2;

/** Reasons that lie in the file: another try comes to the same end, so it is not what one is asked to do. */
const FILE_AT_FAULT = new Set(["empty_file", "not_media", "no_video", "no_stream", "no_frames", "unknown_codec",
  "encrypted", "truncated", "limit_exceeded", "decode_failed"]);

class Status {
  constructor(element) {
    this.element = element;
    this.name = h("h1", { class: "video-name" });
    this.badge = h("span", { class: "badge" });
    this.facts = h("p", { class: "video-facts" });
    this.bar = h("progress", { max: "1", "aria-label": "Analysis" });
    this.story = h("p", { class: "story" });
    this.announce = h("p", { class: "visually-hidden", role: "status" });
    this.failure = h("p", { class: "failure", role: "alert" });
    this.warnings = h("ul", { class: "warnings", "aria-label": "What is missing in the file" });
    this.cancel = this.#button("Cancel", "button", () => cancelVideo(session.id));
    this.retry = this.#button("Retry", "button primary", () => this.#again());
    this.remove = this.#button("Delete", "button danger-quiet", () => this.#delete());
    this.exports = exportMenu();
    fill(element, h("section", { class: "panel status", "aria-label": "Video" },
      h("div", { class: "status-head" }, h("div", { class: "status-title" }, this.name, this.badge),
        h("div", { class: "actions" }, this.cancel, this.retry, this.exports.element, this.remove)),
      this.facts, this.warnings, h("div", { class: "status-progress" }, this.bar, this.story), this.failure,
      this.announce));
    session.on("opened", () => this.draw());
    session.on("missing", () => this.draw());
    session.on("video", () => this.draw());
    session.on("segments", () => this.draw());
    for (const shown of [tuning, editor]) shown.on("change", () => this.draw());
  }

  #button(text, className, action) {
    const button = h("button", { type: "button", class: className, on: { click: async () => {
      button.disabled = true;
      try {
        const video = await action();
        if (video) session.update(video);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        this.problem = error.message;
        // The most probable reason is that the state has changed in the meantime: read it again.
        session.refresh();
      } finally {
        button.disabled = false;
        this.draw();
      }
    } } }, text);
    return button;
  }

  /** Have the work done again. A result that was lost is made anew with the settings it had. */
  #again() {
    const { id, video } = session;
    if (!session.resultLost) return retryVideo(id);
    const { preset, ...settings } = video.settings;
    return resegmentVideo(id, { preset, settings });
  }

  async #delete() {
    const { id, video } = session;
    const sure = await confirmDialog({
      title: "Delete this video?",
      text: [filename(video.filename), " and everything found in it will be gone."],
      action: "Delete",
    });
    if (!sure) return null;
    await deleteVideo(id);
    session.emit("deleted", id);
    if (session.id === id) go(null);
    return null;
  }

  /** Bring the panel up to date with the session. */
  draw() {
    const { video } = session;
    show(this.element, session.id !== null && session.missing === null);
    if (this.shownId !== session.id) {
      this.shownId = session.id;
      this.problem = null;
      this.exports.close();
    }
    if (video && video.state !== this.shownState) {
      if (this.shownState) {
        this.problem = null;
        // Only changes of the state are announced: the progress would interrupt a screen reader every second.
        setText(this.announce, `${plainName(video.filename)}: ${STATE_NAMES[video.state] ?? video.state}`);
      }
      this.shownState = video.state;
    }
    if (!video) {
      this.shownState = null;
      this.name.replaceChildren(session.id ? "Loading…" : "");
      for (const part of [this.badge, this.facts, this.warnings, this.bar, this.story, this.failure, this.cancel,
        this.retry, this.remove, this.exports.element]) show(part, false);
      return;
    }
    document.title = `${plainName(video.filename)} · Scenestream`;
    showFilename(this.name, video.filename);
    this.badge.dataset.state = video.state;
    setText(this.badge, STATE_NAMES[video.state] ?? video.state);
    show(this.badge, true);
    setText(this.facts, facts(video).join(" · "));
    show(this.facts, true);
    this.#drawWarnings(video.warnings ?? []);
    this.#drawProgress(video);
    const failed = video.state === "failed";
    const lost = session.resultLost ? LOST : "";
    setText(this.failure, this.problem ?? (failed ? failureSentence(video) : lost));
    show(this.failure, Boolean(this.problem || lost) || failed);
    show(this.cancel, !TERMINAL.has(video.state));
    show(this.retry, failed || video.state === "cancelled" || session.resultLost);
    this.retry.classList.toggle("primary", !FILE_AT_FAULT.has(video.error?.code));
    show(this.exports.element, video.state === "done" && !session.resultLost);
    show(this.remove, true);
  }

  /** What is missing in the file: known in part when it has been probed, in whole when the video is done. */
  #drawWarnings(warnings) {
    const messages = warnings.map((warning) => warning.message);
    const shown = [...this.warnings.children].map((item) => item.textContent);
    if (String(messages) !== String(shown)) fill(this.warnings, messages.map((message) => h("li", {}, message)));
    show(this.warnings, messages.length > 0);
  }

  #drawProgress(video) {
    const working = !TERMINAL.has(video.state);
    const { fraction = 0, eta_s: etaS = null } = video.progress ?? {};
    show(this.bar, working);
    if (video.state === "running" && fraction > 0) this.bar.value = fraction;
    else this.bar.removeAttribute("value");
    let story = STORIES[video.state] ?? "";
    if (video.state === "running" && session.soundOnly) story = "Analysing the sound. Scenes appear at its end.";
    if (video.state === "running" && fraction > 0) {
      story = [percent(fraction), remaining(etaS), pace(video), found()].filter(Boolean).join(" · ");
    }
    setText(this.story, story);
    show(this.story, story !== "");
  }
}

function failureSentence(video) {
  return video.error?.message || "The analysis failed. Try again, or look into the server’s log.";
}

/** Frames a second since this attempt began; empty where that is not known yet, or there are none. */
function pace(video) {
  const elapsedS = (Date.now() - Date.parse(video.started_at ?? "")) / 1000;
  if (!(elapsedS > PACE_FROM_S) || !video.media?.frames || session.soundOnly) return "";
  return `${Math.round((video.media.frames * video.progress.fraction) / elapsedS).toLocaleString("en")} frames/s`;
}

function found() {
  const { shot } = session.segments;
  return shot.length ? `${count(shot.length, "shot")} so far` : "";
}

/** Facts of the file and of its result, as far as they are known. */
function facts(video) {
  const { media } = video;
  const list = [];
  if (media) {
    list.push(duration(media.duration_s));
    if (media.video_codec === null) {
      list.push(`${soundOf(media)}, no picture`);
    } else {
      const pixels = media.pixel_aspect ?? "1:1";
      const shape = pixels === "1:1" ? "" : ` (pixels ${pixels})`;
      list.push(`${media.width} × ${media.height}${shape}`);
      list.push(`${Number(media.fps.toFixed(3))} fps${media.variable_frame_rate ? " (variable)" : ""}`);
      if (media.timecode) list.push(`timecode ${media.timecode}`);
      list.push([media.video_codec, soundOf(media)].join(" / "));
    }
  }
  list.push(bytes(video.bytes));
  const preset = video.settings?.preset;
  if (preset && preset !== "default") list.push(`preset ${preset}`);
  const [chapter, scene, shot] = LEVELS.map(shownSegments);
  if (!session.provisional && shot.length) {
    list.push(`${count(chapter.length, "chapter")}, ${count(scene.length, "scene")}, `
      + `${count(shot.length, "shot")}`);
  } else if (!session.provisional && scene.length) {
    list.push(`${count(chapter.length, "chapter")}, ${count(scene.length, "scene")}`);
  }
  return list;
}

/** What is heard of the file; where it has several audio streams, which of them, and which are silent. */
function soundOf(media) {
  if (!media.audio_codec) return "no sound";
  const streams = media.audio_streams ?? [];
  const at = streams.findIndex(({ stream }) => stream === media.audio_stream);
  if (streams.length < 2 || at < 0) return media.audio_codec;
  const silent = streams.flatMap((stream, place) => (stream.silent ? [place + 1] : []));
  const also = silent.length ? `; silent: ${silent.join(", ")}` : "";
  return `${media.audio_codec} (audio track ${at + 1} of ${streams.length}${also})`;
}

/** @param {HTMLElement} element */
export function mountStatus(element) {
  return new Status(element);
}
