import * as api from '../api.js';
import { el } from '../parts/dom.js';
import { amount, bits, count, findHead, headKey, headName, longestOf, unitOf } from '../words.js';
import { headMap } from './spans/map.js';
import { headPanel } from './spans/panel.js';
import { layerTable } from './spans/layers.js';
import { spansFigure } from './spans/figure.js';
import { headTable } from './spans/table.js';

/**
 * Which heads look far?
 * @param {Page} page
 * @returns {Promise<View>}
 */
export async function build(page) {
  const { checkpoint } = page;
  const [spans, statistics, history] = await Promise.all([
    api.spans(checkpoint.id), api.statistics(checkpoint.id),
    checkpoint.variant === 'fixed' ? null : api.history(checkpoint.id).catch(() => null), // imported models have none
  ]);
  const unit = unitOf(checkpoint);
  const chooseHead = (/** @type {{ layer: number, head: number }} */ head) => page.choose({ head: headKey(head) });
  const parts = { page, spans, unit, chooseHead };
  const figure = spansFigure(parts);
  const map = headMap(parts);
  const panel = headPanel({ ...parts, history });
  const table = headTable(parts);

  /** @param {Choices} choices */
  const update = (choices) => {
    const chosen = findHead(spans.heads, choices.head) ?? longestOf(spans.heads);
    for (const part of [figure, map, panel, table]) part.show(chosen);
  };
  update(page.choices);

  return {
    element: el('div', { class: 'view' },
      el('div', { class: 'pictures' },
        el('header', {},
          el('h1', { id: 'headline', tabindex: '-1' }, headline(spans, unit)),
          el('p', { class: 'sub' }, subline(checkpoint, spans, unit))),
        figure.element,
        el('div', { class: 'pair later' }, map.element, layerTable(statistics, spans)),
        el('div', { class: 'later' }, table.element)),
      panel.element),
    drawn: Promise.all([figure.drawn, panel.drawn]),
    update,
  };
}

const roundLengths = [40, 50, 60, 80, 100, 150, 200, 300, 400, 500, 600, 800, 1000, 1500, 2000, 3000, 4000, 6000];

/**
 * @param {Spans} spans
 * @param {string} unit
 */
function headline({ heads, variant }, unit) {
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
function subline(checkpoint, { heads, variant, span_limit }, unit) {
  const mean = heads.reduce((sum, { span }) => sum + span, 0) / heads.length;
  const what = variant === 'dynamic' ? 'Mean span of each head, its bar from the 10th to the 90th percentile' : 'Span of each head';
  const valid = checkpoint.bpc.valid ?? checkpoint.bpc.part;
  const worth = valid === null ? '' : `Bits per ${unit} ${bits(valid)} on held-out text. `;
  return `${what}, heads sorted within a layer. ${worth}Mean span ${amount(mean)} of ${count(span_limit)}.`;
}
