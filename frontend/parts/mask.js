/** The soft mask as model/span.py has it. Distances and lengths are in tokens; the previous token has distance 1. */

/** @typedef {{ ramp: number, span_limit: number }} Lengths */

/** m(x). @param {number} x @param {number} z @param {number} ramp */
export const mask = (x, z, ramp) => Math.min(1, Math.max(0, (ramp + z - (x - 1)) / ramp));

/** The largest distance with m(x) > 0. @param {number} z @param {Lengths} lengths */
export const spanOf = (z, { ramp, span_limit }) => Math.min(span_limit, Math.ceil(z) + ramp);

/**
 * The first and the last distance at which m(x) moves with z, and so gives it a gradient; null where there is none.
 * @param {number} z
 * @param {Lengths} lengths
 */
export function teaching(z, { ramp, span_limit }) {
  const [first, last] = [Math.ceil(z) + 1, Math.min(span_limit, Math.floor(z) + ramp + 1)];
  return first <= last ? { first, last } : null;
}

/**
 * The shares that the scores alone gave, over the distances that a row of weights (the first is distance 1) reaches.
 * @param {ArrayLike<number>} weights
 * @param {number} z of the mask that they were under
 * @param {number} ramp
 */
export const unmasked = (weights, z, ramp) => normalised(Array.from(weights, (weight, i) => {
  const m = mask(i + 1, z, ramp);
  return m > 0 ? weight / m : 0;
})).values;

/**
 * The weights under a mask, and the share of the scores' own that it lets through.
 * @param {number[]} shares
 * @param {number} z
 * @param {number} ramp
 */
export function masked(shares, z, ramp) {
  const { values, sum } = normalised(shares.map((share, i) => share * mask(i + 1, z, ramp)));
  return { weights: values, kept: sum };
}

/** @param {number[]} values */
function normalised(values) {
  const sum = values.reduce((total, value) => total + value, 0);
  return { values: values.map((value) => value / sum), sum };
}
