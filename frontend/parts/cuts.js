/** What if heads saw less: the spans they are cut to, in the address as L4H3:128,L3H2:64. */

import { findHead, headKey } from '../words.js';

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

/** @param {Cut[]} cuts @returns {string | undefined} nothing where there is none */
export const formatCuts = (cuts) => cuts.map((cut) => `${headKey(cut)}:${cut.span}`).join(',') || undefined;

/**
 * @param {Cut[]} cuts
 * @param {{ layer: number, head: number }} place
 * @param {number} [span] none gives the head its own span back
 */
export function withCut(cuts, { layer, head }, span) {
  const key = headKey({ layer, head });
  if (span === undefined) return cuts.filter((cut) => headKey(cut) !== key);
  const cut = { layer, head, span };
  return findHead(cuts, key) ? cuts.map((other) => (headKey(other) === key ? cut : other)) : [...cuts, cut];
}

/**
 * The heads under the cuts. Of a dynamic head the mean span is known once it was measured.
 * @param {Head[]} heads
 * @param {Cut[]} cuts
 * @param {{ ramp: number, variant: Variant }} model
 * @param {{ layer: number, head: number, after: number }[]} [measured]
 * @returns {CutHead[]}
 */
export const underCuts = (heads, cuts, { ramp, variant }, measured = []) => heads.map((head) => {
  const cut = findHead(cuts, headKey(head));
  if (!cut) return head;
  const most = (/** @type {number} */ span) => Math.min(span, cut.span);
  const mean = variant === 'dynamic' ? findHead(measured, headKey(head))?.after ?? head.span : most(head.span);
  return {
    ...head, span: mean, p10: most(head.p10), p50: most(head.p50), p90: most(head.p90),
    z: Math.min(head.z, cut.span - ramp), uncut: head,
  };
});
