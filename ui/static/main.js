/**
 * The entry module. Gradio calls `mount` once for each panel of ui/page.py; after the last one, the video that the
 * address names is opened.
 *
 * The folders in the order of their imports: toolkit, api, video, editing, uploads, library, player, results, browsing,
 * correcting, timeline, cluster, frame. A module imports from its own folder and from those before it, and there are no
 * import circles.
 */
import { currentView } from "./toolkit/router.js";
import { access } from "./api/access.js";
import { session, startSession } from "./video/session.js";
import { mountUpload } from "./uploads/panel.js";
import { mountLibrary } from "./library/videos.js";
import { mountPlayer } from "./player/panel.js";
import { installChoosing } from "./browsing/choosing.js";
import { mountSegmentList } from "./browsing/list.js";
import { installSegmentClicks } from "./correcting/clicks.js";
import { mountTimeline } from "./timeline/panel.js";
import { mountCluster } from "./cluster/panel.js";
import { mountHeader } from "./frame/header.js";
import { installKeys } from "./frame/keys.js";
import { installSkipLink } from "./frame/skip-link.js";
import { mountStatus } from "./frame/status.js";
import { mountWelcome } from "./frame/welcome.js";

const PANELS = {
  header: mountHeader,
  upload: mountUpload,
  library: mountLibrary,
  welcome: mountWelcome,
  cluster: mountCluster,
  status: mountStatus,
  player: mountPlayer,
  segments: mountSegmentList,
  timeline: mountTimeline,
};

/** Panels that are filled. */
const mounted = new Set();

/**
 * Fill a panel.
 * @param {keyof typeof PANELS} name
 * @param {HTMLElement} element empty; only the panel's module changes it from now on
 * @param {any} config what ui/page.py passes to this panel
 */
export function mount(name, element, config) {
  if (mounted.has(name)) return;
  PANELS[name](element, config);
  mounted.add(name);
  if (mounted.size < Object.keys(PANELS).length) return;
  for (const event of ["opened", "missing", "video", "segments"]) session.on(event, setView);
  installKeys();
  installChoosing();
  installSegmentClicks();
  installSkipLink();
  access.loadSession();
  startSession();
  document.getElementById("skeleton").remove();
  document.body.dataset.ready = "yes";
}

/**
 * Set `data-view`, by which the style sheets show and hide panels: "cluster" for the view of that name, "start" without
 * a video, "bare" for a file that is no video, else "video".
 */
function setView() {
  const { id, missing, video, segments } = session;
  const unreadable = video?.state === "failed" && !video.media && segments.shot.length === 0;
  const view = currentView();
  document.body.dataset.view = view ?? (!id || missing ? "start" : unreadable ? "bare" : "video");
  if (!session.id) document.title = view === "cluster" ? "Cluster · Scenestream" : "Scenestream";
}
