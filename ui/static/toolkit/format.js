/** Formats times, sizes, fractions and counts as text for people. Pure functions. */

/**
 * A time as h:mm:ss with a fraction, 0:01:02.345.
 * @param {number} seconds
 * @param {number} [decimals] 0 to 3
 */
export function clock(seconds, decimals = 3) {
  const scale = 10 ** decimals;
  const units = Math.round(Math.abs(seconds) * scale);
  const fraction = decimals ? `.${String(units % scale).padStart(decimals, "0")}` : "";
  const whole = Math.floor(units / scale);
  const minutes = String(Math.floor(whole / 60) % 60).padStart(2, "0");
  const rest = String(whole % 60).padStart(2, "0");
  return `${seconds < 0 && units ? "−" : ""}${Math.floor(whole / 3600)}:${minutes}:${rest}${fraction}`;
}

/** Seconds of a time that a person typed: "90", "1:30", "0:01:30.5"; NaN for anything else. */
export function parseClock(text) {
  const parts = /^(?:(?:(\d+):)?(\d+):)?(\d+(?:[.,]\d*)?)$/.exec(text.trim());
  if (!parts) return Number.NaN;
  const [, hours = "0", minutes = "0", seconds] = parts;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds.replace(",", "."));
}

/** The label of a ruler's tick: as many decimals as ticks `stepS` apart need, hours only from one hour on. */
export function rulerClock(seconds, stepS) {
  const text = clock(seconds, stepS < 0.1 ? 2 : stepS < 1 ? 1 : 0);
  return text.startsWith("0:") ? text.slice(2) : text;
}

/** A duration as "4.20 s", "42.0 s", "3 min 20 s" or "1 h 05 min". */
export function duration(seconds) {
  if (seconds < 59.95) return `${seconds < 10 ? seconds.toFixed(2) : seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor(whole / 60) % 60).padStart(2, "0")} min`;
}

/** A remaining time, rounded: "about 2 min left"; empty when it is not known. */
export function remaining(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "";
  if (seconds < 10) return "a few seconds left";
  if (seconds < 90) return `about ${Math.round(seconds / 10) * 10} s left`;
  if (seconds < 5400) return `about ${Math.round(seconds / 60)} min left`;
  return `about ${(seconds / 3600).toFixed(1)} h left`;
}

/** A size in decimal units: "1.5 MB". */
export function bytes(count) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** A fraction as a whole percentage, rounded down: 100 % is shown only for 1. */
export function percent(fraction) {
  return `${Math.min(fraction >= 1 ? 100 : 99, Math.max(0, Math.floor(fraction * 100)))} %`;
}

/** A measured share or probability (0 to 1) as a whole percentage, rounded as the exported page rounds it. */
export function share(fraction) {
  return `${Math.round(Math.min(1, Math.max(0, fraction)) * 100)}\u00a0%`;
}

/** The age of an ISO timestamp: "5 min ago"; from one day on its date, with the year if that is another one. */
export function ago(iso, now = Date.now()) {
  const then = Date.parse(iso);
  if (Number.isNaN(then)) return "";
  const seconds = Math.max(0, (now - then) / 1000);
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  const date = new Date(then);
  const year = date.getFullYear() === new Date(now).getFullYear() ? undefined : "numeric";
  return date.toLocaleDateString(undefined, { year, month: "short", day: "numeric" });
}

/** "1 shot", "5 shots". */
export function count(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
