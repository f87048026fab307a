import * as api from '../api.js';
import { formatCuts, parseCuts, underCuts, withCut } from '../parts/cuts.js';
import { el } from '../parts/dom.js';
import { latest } from '../parts/latest.js';
import { findHead, headKey, longestOf, unitOf } from '../words.js';
import { distributionFigure } from './spans/distribution.js';
import { growthOf } from './spans/history.js';
import { headMap } from './spans/map.js';
import { headPanel } from './spans/panel.js';
import { headTable } from './spans/table.js';
import { layerTable } from './spans/layers.js';
import { reachFigure } from './spans/reach.js';
import { spansFigure } from './spans/figure.js';
import { headline, subline, whatIfLine } from './spans/words.js';

/**
 * Which heads look far?
 * @param {Page} page
 * @returns {Promise<View>}
 */
export async function build(page) {
  const { checkpoint, signal } = page;
  const [spans, statistics, uses, history, path] = await Promise.all([
    api.spans(checkpoint.id), api.statistics(checkpoint.id), api.heads(checkpoint.id),
    checkpoint.variant === 'fixed' ? null : api.history(checkpoint.id).catch(() => null), // imported models have none
    checkpoint.parent ? api.path(checkpoint.id).catch((error) => (page.complain(error), null)) : null,
  ]);
  const unit = unitOf(checkpoint);

  /** Those that cut something. @param {Choices} choices */
  const cutsOf = (choices) => parseCuts(choices.cuts, checkpoint).filter(({ span, ...place }) =>
    spans.variant === 'dynamic' || span < (findHead(spans.heads, headKey(place))?.span ?? 0));

  let cuts = cutsOf(page.choices);
  let chosen = longestOf(spans.heads);
  /** @type {WhatIf | undefined} of the cuts that are shown */
  let answer;
  let answered = '';

  const chooseHead = (/** @type {{ layer: number, head: number }} */ head) => page.choose({ head: headKey(head), cuts: formatCuts(cuts) });
  const parts = { page, spans, uses, unit, chooseHead, growth: history && growthOf(history, checkpoint) };
  const figure = spansFigure(parts);
  const map = headMap(parts);
  const reach = reachFigure(parts);
  const distribution = distributionFigure(parts);
  const panel = headPanel({ ...parts, history, path, cutting: { cut, keep, reset, ready: () => { ask(cuts); } }, again });
  const table = headTable(parts);
  const asIf = el('p', { class: 'as-if', role: 'status' });

  const ask = latest(async (/** @type {Cut[]} */ asked) => {
    try {
      const found = await api.whatIf(checkpoint.id, asked, signal);
      if (formatCuts(asked) !== formatCuts(cuts)) return;
      [answer, answered] = [found, formatCuts(asked) ?? ''];
      panel.whatIf.say('');
      show();
    } catch (error) {
      if (!signal.aborted) panel.whatIf.say(error instanceof Error ? error.message : String(error));
    }
  });

  /** Cuts a head, or, without a span, gives it its own back. @param {{ layer: number, head: number }} head @param {number} [span] */
  function cut(head, span) {
    cuts = withCut(cuts, head, span);
    show();
    if (cuts.length) ask(cuts);
  }

  /** What heads need has been measured meanwhile. */
  async function again() {
    const { heads } = await api.heads(checkpoint.id);
    for (const head of uses.heads) head.needs = findHead(heads, headKey(head))?.needs ?? null;
    table.measured();
    show();
  }

  function keep() {
    page.choose({ head: headKey(chosen), cuts: formatCuts(cuts) });
  }

  function reset() {
    cuts = [];
    keep();
  }

  function show() {
    const known = answered === (formatCuts(cuts) ?? '') ? answer : undefined;
    const heads = underCuts(spans.heads, cuts, spans, known?.spans);
    const shown = { chosen: findHead(heads, headKey(chosen)) ?? heads[0], heads, cuts, answer: cuts.length ? known : undefined };
    asIf.replaceChildren(...whatIfLine(shown, unit, reset));
    for (const part of [figure, map, reach, distribution, panel, table]) part.show(shown);
  }

  /** @param {Choices} choices */
  function update(choices) {
    const next = cutsOf(choices);
    chosen = findHead(spans.heads, choices.head) ?? longestOf(spans.heads);
    const others = formatCuts(next) !== formatCuts(cuts);
    cuts = next;
    show();
    if (cuts.length && (others || answered !== formatCuts(cuts))) ask(cuts);
  }
  update(page.choices);

  return {
    element: el('div', { class: 'view' },
      el('div', { class: 'pictures' },
        el('header', {},
          el('h1', { id: 'headline', tabindex: '-1' }, headline(spans, unit)),
          el('p', { class: 'sub' }, subline(checkpoint, spans, unit)),
          asIf),
        figure.element,
        el('div', { class: 'pair later' }, map.element, reach.element),
        el('div', { class: 'pair later' }, distribution.element, layerTable(statistics, spans)),
        el('div', { class: 'later' }, table.element)),
      panel.element),
    drawn: Promise.all([figure, reach, distribution, panel].map((part) => part.drawn)),
    update,
  };
}
