/**
 * The entry module. Gradio calls `mount` once for each panel of the frame; when all are there, the video that
 * the address names is opened.
 */
import { access } from "./api/access.js";
import { session, startSession } from "./video/session.js";
import { mountUpload } from "./library/upload.js";
import { mountLibrary } from "./library/videos.js";
import { mountPlayer } from "./player/panel.js";
import { mountSegmentList } from "./results/list.js";
import { mountTimeline } from "./timeline/panel.js";
import { mountHeader } from "./frame/header.js";
import { installKeys } from "./frame/keys.js";
import { mountStatus } from "./frame/status.js";
import { mountWelcome } from "./frame/welcome.js";

const PANELS = {
  header: mountHeader,
  upload: mountUpload,
  library: mountLibrary,
  welcome: mountWelcome,
  status: mountStatus,
  player: mountPlayer,
  segments: mountSegmentList,
  timeline: mountTimeline,
};

const mounted = new Set();

/**
 * Fill a panel.
 * @param {keyof typeof PANELS} name
 * @param {HTMLElement} element empty, and ours from now on
 * @param {any} config what the page's Python side passes to this panel
 */
export function mount(name, element, config) {
  if (mounted.has(name)) return;
  PANELS[name](element, config);
  mounted.add(name);
  if (mounted.size < Object.keys(PANELS).length) return;
  for (const event of ["opened", "missing", "video", "segments"]) session.on(event, showFrame);
  installKeys();
  access.look();
  startSession();
  document.body.dataset.ready = "yes";
}

/** The style sheets lay the panels out by what is shown: "start", "video", or "bare" for a file that is none. */
function showFrame() {
  const { id, missing, video, segments } = session;
  const useless = video?.state === "failed" && !video.media && segments.shot.length === 0;
  document.body.dataset.view = !id || missing ? "start" : useless ? "bare" : "video";
  if (!session.id) document.title = "Scenestream";
}
