/**
 * What the view computes from the document of `GET /cluster`: actors by node, rates, and what to do where no actor works.
 * Pure functions: they know no element of the page.
 */
import { count, duration } from "../toolkit/format.js";

/** States of actors in the order in which they are told, and their names. */
export const ACTOR_STATES = {
  working: "Working",
  draining: "Finishing",
  idle: "Idle",
  starting: "Starting",
  waiting: "Waiting",
  lost: "Lost",
};

/** Kinds of leased work. */
export const WORK_NAMES = { video: "Videos", import: "Imports", clips: "Clips", proxy: "Proxies", words: "Words" };

/** What the pool's tasks do. */
export const TASK_NAMES = { plan: "plan", chunk: "chunk", fuse: "fusion", clip: "clip", proxy: "proxy", words: "words" };

/** The API counts so many of a kind at most. */
const MOST_COUNTED = 10000;

/** Actors that take a task, or have one. */
const BUSY = new Set(["working", "draining"]);

const byName = new Intl.Collator("en", { numeric: true }).compare;

/** Key of the group of actors that have no node: they wait for room, or were lost. */
export const NO_NODE = "";

/**
 * The actors by node, in the order of the nodes' names; those without a node come last.
 * @param {any[]} actors rows of the pool
 * @param {string} [state] only those in this state; empty: all
 * @returns {{key: string, name: string, actors: any[]}[]}
 */
export function byNode(actors, state = "") {
  const groups = new Map();
  for (const actor of actors) {
    if (state && actor.state !== state) continue;
    const key = actor.node_id ?? actor.node ?? NO_NODE;
    if (!groups.has(key)) groups.set(key, { key, name: actor.node ?? "", actors: [] });
    groups.get(key).actors.push(actor);
  }
  for (const group of groups.values()) {
    group.actors.sort((one, other) => byName(one.device ?? "", other.device ?? "") || byName(one.actor, other.actor));
  }
  return [...groups.values()].sort((one, other) => (one.key === NO_NODE) - (other.key === NO_NODE)
    || byName(one.name, other.name) || byName(one.key, other.key));
}

/** Number of actors in each state, in the order of ACTOR_STATES, without those of which there are none. */
export function statesOf(actors) {
  const counts = new Map(Object.keys(ACTOR_STATES).map((state) => [state, 0]));
  for (const { state } of actors) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].filter(([, number]) => number > 0);
}

/** "7 working, 1 idle". */
export const statesText = (actors) => statesOf(actors)
  .map(([state, number]) => `${number.toLocaleString("en")} ${(ACTOR_STATES[state] ?? state).toLowerCase()}`).join(", ");

/** Frames a second of an actor in the chunk in hand, as far as it is known; else null. */
export function framesPerS({ state, frames_done: frames, since_s: sinceS }) {
  return BUSY.has(state) && frames > 0 && sinceS > 0 ? frames / sinceS : null;
}

/** Frames a second of all of them at this moment. */
export const framesPerSOf = (actors) => actors.reduce((sum, actor) => sum + (framesPerS(actor) ?? 0), 0);

/** The devices of a node: "cuda:0, cuda:1", or a count of them where they are many. */
export function devicesText(actors) {
  const devices = [...new Set(actors.map(({ device }) => device).filter(Boolean))].sort(byName);
  return devices.length > 4 ? count(devices.length, "device") : devices.join(", ");
}

/** What an actor does: "chunk 7", or the name of its task. */
export function workText({ kind, chunk }) {
  if (!kind) return "";
  const name = TASK_NAMES[kind] ?? kind;
  return chunk === null || chunk === undefined ? name : `${name} ${chunk}`;
}

/** A length of time without fractions: "20 s", "3 min 20 s". */
export const span = (seconds) => (seconds < 59.5 ? `${Math.round(seconds)} s` : duration(seconds));

/** "10,000+" where no more are counted. */
export const waitingText = (number) => number.toLocaleString("en") + (number >= MOST_COUNTED ? "+" : "");

/** The highest and the mean rate of the history, and its length; null where there is none. */
export function historyOf(pool) {
  const rates = pool?.history?.frames_per_s ?? [];
  if (!rates.length) return null;
  return { rates, stepS: pool.history.step_s, most: Math.max(...rates),
    mean: rates.reduce((sum, rate) => sum + rate, 0) / rates.length };
}

/** Whether work waits that the pool's actors do. */
function workWaits({ pool, queues }) {
  return (pool?.queued ?? 0) > 0 || (queues ?? []).some(({ work, waiting, running }) =>
    work !== "import" && waiting + running > 0);
}

/**
 * Where no actor can work: what is the matter, and what to do. Null where one can.
 * @returns {{title: string, text: string, calm: boolean} | null} calm: nothing is wrong
 */
export function advice(cluster) {
  const { pool } = cluster;
  if (!pool) {
    return { calm: false, title: "The pool of actors does not answer", text: `${cluster.pool_detail ?? ""} Videos wait until `
      + "it is back; what is done stays. On one machine, scenestream doctor says what is wrong, and scenestream up "
      + "starts it again. On a cluster, look whether Ray’s head node runs." };
  }
  const able = pool.actors.filter(({ state }) => BUSY.has(state) || state === "idle" || state === "starting");
  if (able.length) return null;
  if (pool.actors.some(({ state }) => state === "waiting")) {
    return { calm: false, title: "No node has room for an actor", text: "The actors start as soon as there are cores or "
      + "GPUs for them. Add a node, or let an actor take less: actors.torch_threads, actors.gpus_per_actor." };
  }
  if (pool.actors.length) {
    const error = pool.actors.map((actor) => actor.error).find(Boolean);
    return { calm: false, title: "All actors were lost", text: `${error ? `The last reason: ${error}. ` : ""}Each is started `
      + "again by itself, after a pause that grows up to 30 s. If this goes on, look into the logs of the actors, or run "
      + "scenestream doctor." };
  }
  if (workWaits(cluster)) {
    return { calm: false, title: "There is no actor, and work waits", text: "The pool starts actors within seconds where "
      + "Ray has nodes with cores or GPUs. If none comes, look whether nodes have joined Ray, and at actors.count and "
      + "scaling.max_actors." };
  }
  if (!cluster.queues) {
    return { calm: false, title: "There is no actor", text: "Whether work waits is not known while PostgreSQL does not "
      + "answer. The pool starts actors when there is work." };
  }
  return { calm: true, title: "There is no actor, and none is needed", text: "Nothing waits. Actors start within seconds "
    + "of the next upload." };
}
