/** What a model costs, as analysis/cost.py counts it: multiply-adds a token, and bytes. */

/** @typedef {{ layers: number, hidden: number, inner: number }} Sizes */

const bytesPerNumber = 4;

/** The parts of the multiply-adds for one token at a mean span (tokens) over all heads. @param {Sizes} sizes @param {number} meanSpan */
export const flopsParts = ({ layers, hidden, inner }, meanSpan) => ({
  projections: layers * 4 * hidden ** 2,
  inner: layers * 2 * hidden * inner,
  attention: layers * 2 * hidden * meanSpan,
  positions: layers * hidden * meanSpan,
});

/** As the paper counts, which leaves out the positions. @param {Sizes} sizes @param {number} meanSpan */
export function flops(sizes, meanSpan) {
  const { projections, inner, attention } = flopsParts(sizes, meanSpan);
  return projections + inner + attention;
}

/** Bytes of keys and values that streaming keeps. @param {Sizes} sizes @param {number} meanSpan */
export const cacheBytes = ({ layers, hidden }, meanSpan) => 2 * layers * hidden * meanSpan * bytesPerNumber;
