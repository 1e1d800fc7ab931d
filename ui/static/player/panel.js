/**
 * The player panel: a media element with controls of its own. Where the browser cannot play the file it shows the
 * stills of the shots instead, and the sound where there is no picture. The position is kept by `transport`, not here.
 */
import { fill, h, iconButton, setText, show, icon } from "../toolkit/dom.js";
import { clock } from "../toolkit/format.js";
import { access } from "../api/access.js";
import { connection } from "../api/connection.js";
import { mediaUrl, thumbnailUrl } from "../api/requests.js";
import { indexAt } from "../video/segments.js";
import { session } from "../video/session.js";
import { aspectRatio } from "../video/shape.js";
import { SoundPicture } from "./sound-picture.js";
import { transport } from "./transport.js";

const SPEEDS = [0.25, 0.5, 1, 1.5, 2];

class Player {
  constructor(element) {
    this.element = element;
    this.screen = h("div", { class: "screen" });
    this.still = h("img", { class: "still", alt: "", hidden: true });
    this.message = h("div", { class: "screen-message", role: "status", hidden: true });
    this.sound = new SoundPicture();
    this.play = iconButton("play", "Play", () => transport.toggle(), { class: "icon-button play" });
    this.back = iconButton("previous", "Previous boundary (←)", () => transport.step(-1));
    this.forth = iconButton("next", "Next boundary (→)", () => transport.step(1));
    this.clock = h("output", { class: "clock", "aria-label": "Position" });
    this.total = h("span", { class: "clock total" });
    this.mute = iconButton("sound", "Mute", () => this.#toggleMute());
    this.volume = h("input", { type: "range", min: "0", max: "1", step: "0.05", value: "1",
      class: "volume", "aria-label": "Volume", on: { input: () => this.#setVolume() } });
    this.speed = h("select", { class: "speed", "aria-label": "Speed", on: { change: () => this.#setSpeed() } },
      SPEEDS.map((speed) => h("option", { value: speed, selected: speed === 1 }, `${speed}×`)));
    this.full = iconButton("full", "Full screen", () => this.#toggleFullScreen());
    fill(element, h("section", { class: "panel player", "aria-label": "Player" }, this.screen,
      h("div", { class: "transport" }, this.back, this.play, this.forth, this.clock, this.total,
        h("span", { class: "spacer" }), this.speed, this.mute, this.volume, this.full)));
    session.on("opened", () => this.#open());
    session.on("missing", () => this.#close());
    session.on("video", () => this.#onVideo());
    session.on("segments", () => this.#follow());
    transport.on("time", () => this.#follow());
    transport.on("playing", (playing) => this.#showPlaying(playing));
    connection.on("change", (lost) => !lost && this.broken && this.#load());
  }

  #open() {
    this.#close();
    this.shaped = false;
    this.#follow();
  }

  /** The file is loaded only after the API has confirmed the video: an address with an unknown id has no file. */
  #onVideo() {
    this.#setAspectRatio();
    this.sound.draw();
    if (session.soundOnly) show(this.message, this.broken || this.unplayable);
    if (!this.media) this.#load();
    else if (this.unplayable) this.#showUnplayable();
  }

  #close() {
    transport.attach(null);
    transport.reset();
    if (this.media) {
      // Closes the connection at once: a paused download holds one of the browser's six.
      this.media.removeAttribute("src");
      this.media.load();
    }
    this.media = null;
    this.broken = false;
    this.unplayable = false;
    this.still.hidden = true;
    this.stillUrl = null;
    this.screen.replaceChildren();
    this.sound.draw();
  }

  #load() {
    const resumeAtS = this.broken ? transport.time : null;
    this.broken = false;
    this.unplayable = false;
    const media = /** @type {HTMLVideoElement} */ (h("video", { preload: "metadata", playsinline: true,
      "aria-label": "Video" }));
    this.media?.removeAttribute("src");
    this.media = media;
    media.volume = Number(this.volume.value);
    media.playbackRate = Number(this.speed.value);
    media.addEventListener("click", () => transport.toggle());
    media.addEventListener("error", () => this.media === media && this.#failed());
    media.addEventListener("loadedmetadata", () => this.media === media && this.#loaded());
    this.screen.replaceChildren(media, this.still, this.sound.element, this.message);
    this.sound.draw();
    show(this.message, false);
    show(this.still, false);
    transport.attach(media);
    media.src = mediaUrl(session.id);
    if (resumeAtS) transport.seek(resumeAtS);
    this.#enableControls(true);
  }

  #loaded() {
    if (this.media.videoWidth || session.soundOnly) return;
    this.#showMessage("This browser plays only the sound of this file, not its picture. "
      + "The stills of its shots stand in.");
    this.#showStill();
  }

  async #failed() {
    const { media } = this;
    const { id } = session;
    const status = await statusOf(mediaUrl(id));
    if (status === 401) await access.signIn();
    if (this.media !== media || session.id !== id) return;
    if (status === 401) {
      this.broken = true;
      this.#load();
      return;
    }
    const reachable = status >= 200 && status < 300;
    transport.attach(null);
    if (reachable) {
      this.unplayable = true;
      this.#showUnplayable();
    } else {
      this.broken = true;
      this.#showMessage("The video cannot be loaded at the moment.",
        h("button", { type: "button", class: "button", on: { click: () => this.#load() } }, "Try again"));
    }
    this.#enableControls(false);
    this.#showStill();
  }

  /** Called again when the codec becomes known: the file can be loaded long before it has been probed. */
  #showUnplayable() {
    const { media } = session.video ?? {};
    const codec = media?.video_codec ?? media?.audio_codec;
    const file = `This browser cannot play this file${codec ? ` (${codec})` : ""}`;
    const text = session.soundOnly ? `${file}. The timeline works all the same.`
      : `${file}. The stills of its shots stand in, and the timeline works all the same.`;
    if (this.message.textContent !== text) this.#showMessage(text);
  }

  #showMessage(text, extra = null) {
    fill(this.message, text, extra);
    show(this.message, true);
  }

  #enableControls(can) {
    for (const control of [this.play, this.mute, this.volume, this.speed]) control.disabled = !can;
  }

  /** Give the screen the video's aspect ratio before the first frame is decoded, so that the layout does not jump. */
  #setAspectRatio() {
    const ratio = aspectRatio(session.video?.media);
    if (this.shaped || ratio === null) return;
    this.screen.style.setProperty("--ratio", String(ratio));
    this.shaped = true;
  }

  #follow() {
    setText(this.clock, clock(transport.time));
    setText(this.total, `/ ${clock(session.endS)}`);
    if (!transport.usable || !this.media?.videoWidth) this.#showStill();
  }

  /** Where no video can be shown: the still of the shot at the position. */
  #showStill() {
    if (this.message.hidden) return;
    const { shot } = session.segments;
    const segment = shot[Math.max(0, indexAt(shot, transport.time))];
    const url = segment ? thumbnailUrl(session.id, segment) : null;
    show(this.still, url !== null);
    if (url && url !== this.stillUrl) {
      this.stillUrl = url;
      this.still.src = url;
      this.still.alt = `Still of shot ${segment.index + 1}`;
    }
  }

  #showPlaying(playing) {
    this.play.replaceChildren(icon(playing ? "pause" : "play"));
    const name = playing ? "Pause (space)" : "Play (space)";
    this.play.setAttribute("aria-label", name);
    this.play.title = name;
  }

  #toggleMute() {
    if (!this.media) return;
    this.media.muted = !this.media.muted;
    this.#showMuted();
  }

  #setVolume() {
    if (!this.media) return;
    this.media.volume = Number(this.volume.value);
    this.media.muted = this.media.volume === 0;
    this.#showMuted();
  }

  #showMuted() {
    this.mute.replaceChildren(icon(this.media.muted ? "muted" : "sound"));
    this.mute.setAttribute("aria-pressed", String(this.media.muted));
  }

  #setSpeed() {
    if (this.media) this.media.playbackRate = Number(this.speed.value);
  }

  #toggleFullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.screen.requestFullscreen?.().catch((error) => console.info("no full screen:", error.message));
  }
}

/** HTTP status of the file's first byte, to tell a failed request from an unknown format; 0: no answer. */
async function statusOf(url) {
  try {
    const answer = await fetch(url, { headers: { Range: "bytes=0-0" }, cache: "no-store" });
    await answer.body?.cancel();
    return answer.status;
  } catch {
    return 0;
  }
}

/** @param {HTMLElement} element */
export function mountPlayer(element) {
  return new Player(element);
}
