/**
 * The wish to export the chosen segments, from whoever shows them to the menu of exports. Knows neither.
 *
 * Events: `chosen`.
 */
import { Emitter } from "../toolkit/emitter.js";

export const exporting = new Emitter();
