/** The part of a map that is on show, and the cross-hair, as the address writes them. */

/** @typedef {import('./axis.js').Range} Range */

/** @param {string | undefined} words two whole numbers @returns {[number, number] | undefined} */
export function pair(words) {
  const found = words?.match(/^(-?\d+):(-?\d+)$/);
  return found ? [Number(found[1]), Number(found[2])] : undefined;
}

/**
 * `rows=2000:2600` are rows 2000 to 2599; without it, or where the text is shorter, all.
 * @param {string | undefined} words
 * @param {number} count
 * @returns {Range}
 */
export function rowsOf(words, count) {
  const [first, stop] = pair(words) ?? [0, count];
  const last = Math.min(stop, count);
  return first >= 0 && first < last ? [first, last] : [0, count];
}

/** @param {Range} rows @param {number} count nothing where all are on show */
export function rowsWords([low, high], count) {
  const [first, stop] = [Math.floor(low), Math.min(count, Math.ceil(high))];
  return first === 0 && stop === count ? undefined : `${first}:${stop}`;
}

/**
 * `back=1:64` are distances 1 to 64, of which the edges are 1 and 65.
 * @param {string | undefined} words
 * @param {number} reach
 * @returns {Range}
 */
export function backOf(words, reach) {
  const [near, far] = pair(words) ?? [1, reach];
  const last = Math.min(far, reach);
  return near >= 1 && near <= last ? [near, last + 1] : [1, reach + 1];
}

/** @param {Range} back @param {number} reach */
export function backWords([low, high], reach) {
  const [near, far] = [Math.floor(low), Math.min(reach, Math.ceil(high) - 1)];
  return near === 1 && far === reach ? undefined : `${near}:${far}`;
}

/**
 * `at=133:130` is the weight that row 133 gives to key 130.
 * @param {string | undefined} words
 * @param {number} count
 */
export function atOf(words, count) {
  const [query, key] = pair(words) ?? [-1, 0];
  return query >= 0 && query < count && key < query ? { query, distance: query - key } : undefined;
}

/** @param {{ query: number, distance: number }} at */
export const atWords = ({ query, distance }) => `${query}:${query - distance}`;
