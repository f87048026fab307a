import { el } from '../../parts/dom.js';
import { amount, bits, bitsChange, change, count, headName, longestOf } from '../../words.js';

const roundLengths = [40, 50, 60, 80, 100, 150, 200, 300, 400, 500, 600, 800, 1000, 1500, 2000, 3000, 4000, 6000];

/**
 * @param {Spans} spans
 * @param {string} unit
 */
export function headline({ heads, variant }, unit) {
  const longest = longestOf(heads);
  const shortest = Math.min(...heads.map(({ span }) => span));
  const look = variant === 'dynamic' ? 'look back, on average,' : 'look back';
  if (shortest === longest.span) return `All ${heads.length} heads look back ${amount(shortest)} ${unit}s: their span is fixed.`;
  const under = (/** @type {number} */ limit) => heads.filter(({ span }) => span < limit).length;
  const limit = roundLengths.find((length) => under(length) >= 0.75 * heads.length);
  if (!limit || limit > longest.span / 1.5) {
    return `The ${heads.length} heads ${look} ${amount(shortest)} to ${amount(longest.span)} ${unit}s; ${headName(longest)} looks furthest.`;
  }
  const furthest = variant === 'dynamic' ? 'looks back' : 'may look back';
  return `${under(limit)} of the ${heads.length} heads ${look} fewer than ${count(limit)} ${unit}s; ${headName(longest)} ${furthest} ${amount(longest.span)}.`;
}

/**
 * @param {Checkpoint} checkpoint
 * @param {Spans} spans
 * @param {string} unit
 */
export function subline(checkpoint, { heads, variant, span_limit }, unit) {
  const mean = heads.reduce((sum, { span }) => sum + span, 0) / heads.length;
  const what = variant === 'dynamic' ? 'Mean span of each head, its bar from the 10th to the 90th percentile' : 'Span of each head';
  const valid = checkpoint.bpc.valid ?? checkpoint.bpc.part;
  const worth = valid === null ? '' : `Bits per ${unit} ${bits(valid)} on held-out text. `;
  return `${what}, heads sorted within a layer. ${worth}Mean span ${amount(mean)} of ${count(span_limit)}.`;
}

/**
 * What the cuts change, in a sentence; nothing where there are none.
 * @param {import('./figure.js').Shown} shown
 * @param {string} unit
 * @param {() => void} reset
 */
export function whatIfLine({ cuts, answer }, unit, reset) {
  if (!cuts.length) return [];
  const named = cuts.slice(0, 3).map((cut) => `${headName(cut)} to ${count(cut.span)}`).join(', ');
  const cutting = `What if: ${named}${cuts.length > 3 ? ` and ${cuts.length - 3} more` : ''}`;
  const comes = answer
    ? `${bitsChange(answer)} bits a ${unit}, ${change(answer.flops)} FLOPs, ${change(answer.cache_bytes)} cache. `
    : 'reading held-out text… ';
  return [`${cutting}: ${comes}`, el('button', { type: 'button', class: 'link', onclick: reset }, 'reset')];
}

/**
 * What a cut tells of what the heads need.
 * @param {WhatIf} answer
 * @param {string} unit
 */
export function verdict(answer, unit) {
  const { bits: lost, bits_error: error, corpus, tokens } = answer;
  const sample = `On ${count(tokens)} ${unit}s of held-out text (${corpus})`;
  if (error !== null && Math.abs(lost) <= 2 * error) return `${sample}, no loss beyond chance: what was cut is hardly needed.`;
  return lost > 0 ? `${sample}, what was cut is needed.` : `${sample}, nothing is lost: it reads better without.`;
}

/** Heads that may look far and look near, in words. @param {HeadUse[]} heads */
export function disagreeing(heads) {
  const unused = heads.filter(({ reach_unused }) => reach_unused);
  if (!unused.length) return `Far allowed, near used: none of the ${heads.length} heads.`;
  const named = unused.slice(0, 4).map(headName).join(', ');
  const more = unused.length > 4 ? ` and ${unused.length - 4} more` : '';
  return `Far allowed, near used: ${unused.length} of the ${heads.length} heads (◇ ${named}${more}).`;
}

/** The two forces on z. @param {HeadUse} head @param {string} unit */
export function forces({ pull, pull_error, penalty }, unit) {
  if (pull === null) return '';
  const millionths = (/** @type {number} */ value) => amount(1e6 * Math.abs(value));
  const by = pull_error === null ? '' : ` ± ${millionths(pull_error)}`;
  const asks = `the text asks for ${pull < 0 ? 'less' : 'more'} (${millionths(pull)}${by})`;
  const against = penalty === null ? '' : `, the penalty for less (${millionths(penalty)})`;
  const chance = pull_error !== null && Math.abs(pull) <= 2 * pull_error ? ': within chance, z has settled' : '';
  return `${penalty === null ? 'The force' : 'Two forces'} on z now: ${asks}${against}${chance}. In millionths of a nat for a ${unit} of z.`;
}
