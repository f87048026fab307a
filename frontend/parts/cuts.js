/** What if heads saw less: the spans they are cut to, in the address as L4H3:128,L3H2:64. */

import { headKey } from '../words.js';

const any = { layers: Infinity, heads: Infinity, span_limit: Infinity };

/**
 * Those that are well written and that a model can have: a link may come from another one.
 * @param {string | undefined} text
 * @param {{ layers: number, heads: number, span_limit: number }} [model]
 * @returns {Cut[]}
 */
export function parseCuts(text, { layers, heads, span_limit } = any) {
  const cuts = /** @type {Map<string, Cut>} */ (new Map());
  for (const [, layer, head, span] of (text ?? '').matchAll(/\bL(\d+)H(\d+):(\d+)\b/g)) {
    const cut = { layer: Number(layer), head: Number(head), span: Number(span) };
    const fits = cut.layer < layers && cut.head < heads && cut.span >= 1 && cut.span < span_limit;
    if (fits) cuts.set(headKey(cut), cut);
  }
  return [...cuts.values()];
}
