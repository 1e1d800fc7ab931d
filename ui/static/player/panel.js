/**
 * The player panel: a media element with controls of its own. Where the browser cannot play the file it has a proxy
 * made, and shows the stills of the shots until that plays; the sound where there is no picture. The position is kept by
 * `transport`, not here.
 */
import { fill, h, iconButton, setText, show, icon } from "../toolkit/dom.js";
import { clock } from "../toolkit/format.js";
import { currentTimeS, onTime } from "../toolkit/router.js";
import { access } from "../api/access.js";
import { connection } from "../api/connection.js";
import { mediaUrl, thumbnailUrl } from "../api/requests.js";
import { indexAt } from "../video/segments.js";
import { session } from "../video/session.js";
import { aspectRatio } from "../video/shape.js";
import { leavesOutSound, ProxyFile } from "./proxy.js";
import { SoundPicture } from "./sound-picture.js";
import { transport } from "./transport.js";

/** Status of a proxy that is not there any more: it had to make room for others. */
const GONE = 409;

const SPEEDS = [0.25, 0.5, 1, 1.5, 2];

class Player {
  constructor(element) {
    this.element = element;
    this.screen = h("div", { class: "screen" });
    this.still = h("img", { class: "still", alt: "", hidden: true });
    this.message = h("div", { class: "screen-message", role: "status", hidden: true });
    this.sound = new SoundPicture();
    this.proxy = new ProxyFile(() => this.#onProxy());
    this.play = iconButton("play", "Play", () => transport.toggle(), { class: "icon-button play" });
    this.back = iconButton("previous", "Previous boundary ([)", () => transport.step(-1));
    this.forth = iconButton("next", "Next boundary (])", () => transport.step(1));
    // A timer is no live region: an `output` would have every picture's time read out.
    this.clock = h("span", { class: "clock", role: "timer", "aria-label": "Position" });
    this.total = h("span", { class: "clock total" });
    this.mute = iconButton("sound", "Mute", () => this.#toggleMute());
    this.volume = h("input", { type: "range", min: "0", max: "1", step: "0.05", value: "1",
      class: "volume", "aria-label": "Volume", on: { input: () => this.#setVolume() } });
    this.speed = h("select", { class: "speed", "aria-label": "Speed", on: { change: () => this.#setSpeed() } },
      SPEEDS.map((speed) => h("option", { value: speed, selected: speed === 1 }, `${speed}×`)));
    this.full = iconButton("full", "Full screen", () => this.#toggleFullScreen());
    fill(element, h("section", { class: "panel player", "aria-label": "Player" }, this.screen,
      h("div", { class: "transport", dataset: { uncovered: "" } }, this.back, this.play, this.forth, this.clock,
        this.total, h("span", { class: "spacer" }), this.speed, this.mute, this.volume, this.full)));
    session.on("opened", () => this.#open());
    session.on("missing", () => this.#close());
    session.on("video", () => this.#onVideo());
    session.on("segments", () => this.#follow());
    transport.on("time", () => this.#follow());
    transport.on("playing", (playing) => this.#showPlaying(playing));
    connection.on("change", (lost) => !lost && this.broken && this.#load(this.url));
    onTime((seconds) => this.#goTo(seconds));
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
    if (session.soundOnly) show(this.message, this.broken || this.lacks !== null);
    if (!this.media) {
      this.#load();
      if (currentTimeS() !== null) this.#goTo(currentTimeS());
    } else if (this.lacks) this.#showLack();
    this.proxy.look();
  }

  /** To a moment that the address names. In a narrow window the player may be far from what led to it. */
  #goTo(seconds) {
    transport.seek(seconds);
    this.screen.scrollIntoView({ block: "nearest" });
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
    /** What this browser cannot play: "file", "picture" or "sound" of it. */
    this.lacks = null;
    /** Whether a failure ended the playing: what is loaded in place of it plays on. */
    this.interrupted = false;
    this.url = null;
    this.proxy.close();
    this.still.hidden = true;
    this.stillUrl = null;
    this.screen.replaceChildren();
    this.sound.draw();
  }

  /** @param {string} [url] of the file itself, or of its proxy */
  #load(url = mediaUrl(session.id)) {
    const resumeAtS = this.broken || this.lacks ? transport.time : null;
    const isProxy = url === this.proxy.url;
    const plays = transport.playing || this.interrupted;
    this.broken = false;
    this.lacks = null;
    this.interrupted = false;
    this.url = url;
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
    // A proxy's clock begins with the first frame.
    transport.attach(media, isProxy ? 0 : null);
    media.src = url;
    if (resumeAtS !== null) transport.seek(resumeAtS);
    if (plays) transport.toggle();
    this.#enableControls(true);
  }

  #loaded() {
    if (this.url === this.proxy.url) return;
    if (!this.media.videoWidth && !session.soundOnly) this.#lack("picture");
    else if (leavesOutSound(session.video?.media, this.media)) this.#lack("sound");
  }

  async #failed() {
    const { media, url } = this;
    const { id } = session;
    const status = await statusOf(url);
    if (status === 401) await access.signIn();
    if (this.media !== media || session.id !== id) return;
    if (status === 401) {
      this.broken = true;
      this.#load(url);
      return;
    }
    const reachable = status >= 200 && status < 300;
    this.interrupted = transport.playing;
    transport.attach(null);
    this.#enableControls(false);
    if (url === this.proxy.url && status === GONE) {
      this.lacks = "file";
      this.url = null;
      this.proxy.lost();
      this.#showLack();
    } else if (reachable) {
      this.#lack("file");
    } else {
      this.broken = true;
      this.#showMessage("The video cannot be loaded at the moment.",
        h("button", { type: "button", class: "button", on: { click: () => this.#load(url) } }, "Try again"));
      this.#showStill();
    }
  }

  /** This browser does not play all of the file: a proxy takes its place as soon as there is one. */
  #lack(what) {
    this.lacks = what;
    this.proxy.want();
    this.#onProxy();
  }

  #onProxy() {
    if (!this.lacks) return;
    if (this.proxy.url && this.url !== this.proxy.url) this.#load(this.proxy.url);
    else this.#showLack();
  }

  /** Called again when the codec becomes known: the file can be loaded long before it has been probed. */
  #showLack() {
    const { media } = session.video ?? {};
    const codec = media?.video_codec ?? media?.audio_codec;
    const file = {
      file: `This browser cannot play this file${codec ? ` (${codec})` : ""}.`,
      picture: "This browser plays only the sound of this file, not its picture.",
      sound: `This browser plays only the picture of this file, not its sound (${media?.audio_codec}).`,
    }[this.lacks];
    const text = `${file} ${this.proxy.text}`.trim();
    if (this.message.hidden || this.message.firstChild?.textContent !== text) {
      const again = h("button", { type: "button", class: "button", on: { click: () => this.#again() } }, "Try again");
      this.#showMessage(text, this.proxy.failed === null ? null : again);
    }
    if (this.lacks !== "sound") this.#showStill();
  }

  #again() {
    this.proxy.again();
    this.#showLack();
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
