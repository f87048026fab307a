/** What is measured at each token, in the words of the page. */
export const measures = {
  span: { title: 'Span', along: 'Span along the text', log: true },
  distance: { title: 'Attention distance', along: 'Attention distance along the text', log: true },
  bits: { title: 'Bits', along: 'Bits along the text', log: false },
  outside: { title: 'Attention outside the text', along: 'Attention that falls before the text', log: false },
};

/** @typedef {keyof typeof measures} Measure */

/**
 * Where colours begin and end: the bulk of the values, so that one stray does not wash out the rest.
 * @param {Iterable<number>} values
 * @param {Measure} measure
 */
export function domainOf(values, measure) {
  const sorted = Float32Array.from(values).filter(Number.isFinite).sort();
  const { log } = measures[measure];
  if (!sorted.length) return { low: 1, high: 2, log };
  const at = (/** @type {number} */ part) => sorted[Math.round(part * (sorted.length - 1))];
  if (!log) return { low: 0, high: Math.max(at(measure === 'bits' ? 0.98 : 1), 1e-3), log };
  const low = Math.max(1, at(0.03));
  return { low, high: at(0.98) > low * 1.02 ? at(0.98) : low, log };
}
