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

/** As far as it loses little: the rest would press all else together. @param {TrimPath} path @param {Cost} against */
export const pathPoints = ({ points }, against) => points.filter(({ bits: lost }) => lost <= mostLost).map((point) => ({ ...point, x: point[against], y: point.bpc }));
