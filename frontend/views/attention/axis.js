/** One direction of a picture: which values lie at which pixels, and how that changes when one zooms and pans. */

/** @typedef {[number, number]} Range from its first edge to its last */

const straight = { to: (/** @type {number} */ value) => value, from: (/** @type {number} */ value) => value };
const byRatio = { to: Math.log, from: Math.exp };

/**
 * @param {Range} range
 * @param {number} length pixels
 * @param {boolean} [log] equal ratios are equal lengths
 */
export function axis([low, high], length, log = false) {
  const { to, from } = log ? byRatio : straight;
  const [first, whole] = [to(low), to(high) - to(low)];
  return {
    low, high, length, log,
    pixel: (/** @type {number} */ value) => ((to(value) - first) / whole) * length,
    value: (/** @type {number} */ pixel) => from(first + (pixel / length) * whole),
  };
}

/** @typedef {ReturnType<typeof axis>} Axis */

/**
 * The range moved by some pixels and stretched about one of them, held inside the limits and no shorter than `least`.
 * @param {Axis} axis
 * @param {{ by?: number, about?: number, factor?: number }} change a factor over 1 shows more
 * @param {Range} limits
 * @param {number} least
 * @returns {Range}
 */
export function changed({ low, high, length, log }, { by = 0, about = 0, factor = 1 }, limits, least) {
  const { to, from } = log ? byRatio : straight;
  const [first, last, start, end] = [low, high, ...limits].map(to);
  const size = Math.min(Math.max((last - first) * factor, to(low + least) - first), end - start);
  const fixed = first + ((about - by) / length) * (last - first);
  const begin = Math.min(Math.max(fixed - (about / length) * size, start), end - size);
  return [from(begin), from(begin + size)];
}

/**
 * Round numbers between two bounds, so many at most.
 * @param {number} low
 * @param {number} high
 * @param {number} most
 */
export function ticks(low, high, most) {
  const rough = Math.max(1, (high - low) / Math.max(1, most));
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((multiple) => multiple * power >= rough) ?? 10);
  const found = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) found.push(tick);
  return found;
}
