import { unpack } from '../../api.js';
import { spanOf } from '../../parts/mask.js';

/**
 * @typedef {{
 *   step: number, tokens: number | null, seconds: number | null, train_bpc: number | null, bpc: number | null,
 *   mean_span: number | null, z: number[][] | null,
 * }} Evaluation z by layer and head, in tokens
 */

/** @param {number[]} values */
export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * What was measured so far.
 * @param {Metrics} metrics
 * @param {History} spans
 * @returns {Evaluation[]}
 */
export function evaluationsOf({ steps, tokens, seconds, train_bpc, bpc, mean_span }, { z, steps: known }) {
  const { values, shape: [, layers, heads] } = z ? unpack(z) : { values: [], shape: [] };
  /** @param {number} i */
  const lengths = (i) => Array.from({ length: layers }, (_, layer) => [...values.slice((i * layers + layer) * heads, (i * layers + layer + 1) * heads)]);
  return steps.map((step, i) => ({
    step, tokens: tokens[i], seconds: seconds[i], train_bpc: train_bpc[i], bpc: bpc[i], mean_span: mean_span[i],
    z: z && known[i] === step ? lengths(i) : null,
  }));
}

/**
 * The same with one more, in place of those after it: a run may have gone on from before them.
 * @param {Evaluation[]} evaluations
 * @param {MeasuredStep} measured
 * @param {import('../../parts/mask.js').Lengths} lengths
 */
export function withMeasured(evaluations, measured, lengths) {
  const spans = measured.z?.flat().map((z) => spanOf(z, lengths));
  return [...evaluations.filter(({ step }) => step < measured.step), { ...measured, mean_span: spans ? mean(spans) : null }];
}
