import { bytes, compact } from '../words.js';

/** Bits, on the path of a trim. */
const mostLost = 0.1;

/** What bits are set against. */
export const costs = {
  flops: { name: 'FLOPs', axis: 'multiply-adds a token', written: compact, note: 'multiply-adds as the paper counts them' },
  flops_with_positions: {
    name: 'FLOPs with positions', axis: 'multiply-adds a token', written: compact,
    note: 'multiply-adds with those of the position embeddings, which the paper leaves out; published models are known by the paper’s count alone',
  },
  cache_bytes: { name: 'cache', axis: 'bytes of cache', written: bytes, note: 'keys and values that streaming keeps; of published models it is not printed' },
};

/** @typedef {keyof typeof costs} Cost */

/** To what was taken, and beyond as far as it loses little: the rest would press all else together. @param {TrimPath} path @param {Cost} against */
export function pathPoints({ points }, against) {
  const most = Math.max(mostLost, ...points.filter(({ chosen }) => chosen).map(({ bits: lost }) => lost));
  return points.filter(({ bits: lost }) => lost <= most).map((point) => ({ ...point, x: point[against], y: point.bpc }));
}
