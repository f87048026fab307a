import { el } from '../../parts/dom.js';
import { amount, count, share } from '../../words.js';

/**
 * @param {Statistics} statistics
 * @param {Spans} spans
 */
export function layerTable({ layers, all }, { span_limit, variant }) {
  const flops = layers.reduce((sum, layer) => sum + layer.flops, 0);
  const names = ['layer', 'mean span', 'mean z', 'under 64', 'FLOPs'];
  /** @param {string} name @param {LayerStatistics} of @param {number} part */
  const row = (name, of, part) => el('tr', {}, el('th', { scope: 'row' }, name),
    ...[amount(of.mean_span), amount(of.mean_z), share(of.under_64)].map((value) => el('td', {}, value)),
    el('td', {}, share(part)));
  return el('section', {},
    el('div', { class: 'bar' }, el('h2', {}, 'Layer by layer')),
    el('table', {},
      el('thead', {}, el('tr', {}, ...names.map((name) => el('th', { scope: 'col' }, name)))),
      el('tbody', {}, ...layers.toReversed().map((layer) => row(`L${layer.layer}`, layer, layer.flops / flops))),
      el('tfoot', {}, row('all', all, 1))),
    el('p', { class: 'note' }, cost(all, span_limit, variant)));
}

/**
 * @param {Statistics['all']} all
 * @param {number} limit
 * @param {Variant} variant
 */
function cost(all, limit, variant) {
  const fixed = `a model of the same size with every span fixed at ${count(limit)}`;
  if (variant === 'fixed') return `Every head pays for all ${count(limit)}: ${count(all.flops)} multiply-adds a token.`;
  const cache = all.cache_bytes / all.cache_bytes_fixed;
  const [attention, whole] = [share(all.mean_span / limit), share(all.flops / all.flops_fixed)];
  const unknown = cache === 1 ? ', since the next token’s span is not known before it comes' : '';
  const paid = variant === 'dynamic' ? ` (${share(all.flops_paid / all.flops_fixed)} as computed, with the longest span of each chunk of tokens)` : '';
  return `Beside ${fixed}, attention costs ${attention}, all multiply-adds a token ${whole}${paid}, the cache ${share(cache)}${unknown}.`;
}
