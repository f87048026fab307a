import { el } from '../../parts/dom.js';
import { figure } from '../../parts/figure.js';
import { logAxis } from '../../parts/scale.js';
import { amount, bitsChange, findHead, headKey, headName } from '../../words.js';
import { disagreeing } from './words.js';

/** Of the longest label, in pixels. */
const labelWidth = 170;

/** @typedef {HeadUse & { mean_distance: number, distance_90: number }} Measured */

/**
 * What each head may look at against what it does look at; and, of the chosen one, what it needs, where that was asked.
 * @param {import('./figure.js').Parts} parts
 */
export function reachFigure({ page, spans, uses, unit, chooseHead }) {
  const known = /** @type {Measured[]} */ (uses.heads.filter(isMeasured));
  const limit = spans.span_limit;
  let shown = /** @type {import('./figure.js').Shown | undefined} */ (undefined);
  if (!known.length) {
    const element = el('section', {}, el('div', { class: 'bar' }, el('h2', {}, 'May look, does look')), el('p', { class: 'note' }, uses.detail ?? ''));
    return { element, drawn: Promise.resolve(), show() {} };
  }
  const words = disagreeing(uses.heads);
  const needing = () => known.filter(({ needs }) => needs !== null);
  const picture = figure({
    id: 'reach', title: 'May look, does look', note: `${words} Bars go on to where 90% lies.`, height: 300, page,
    caption: () => `${page.checkpoint.id} · ${shown ? headName(shown.chosen) : ''}`,
    rows: () => [['layer', 'head', 'span', 'mean_distance', 'distance_90', 'reach_unused', 'needs'], ...known.map((head) => [head.layer, head.head, head.span, head.mean_distance, head.distance_90, String(head.reach_unused), head.needs ?? ''])],
    onPoint: ({ customdata }) => {
      const head = findHead(known, customdata);
      if (head) chooseHead(head);
    },
  });

  /** @param {HeadUse} head its span under the cuts */
  const spanOf = (head) => findHead(shown?.heads ?? [], headKey(head))?.span ?? head.span;

  /** @param {Colours} colours @param {number} width @returns {Drawing} */
  const draw = (colours, width) => {
    const chosen = known.filter((head) => headKey(head) === headKey(/** @type {CutHead} */ (shown?.chosen)));
    const moved = known.filter((head) => findHead(shown?.cuts ?? [], headKey(head)));
    const size = width < 360 ? 6 : 8;
    const [left, low] = [[spans.ramp, ...known.map(spanOf), ...needing().map(({ needs }) => needs ?? limit)], known.map(({ mean_distance }) => mean_distance)].map((values) => Math.min(...values) * 0.8);
    const nearest = Math.max(left, low);
    const rise = (Math.log10(limit / left) / Math.log10(limit / low)) * (252 / Math.max(1, width - 60));
    /** @param {Measured} head pixels from the left */
    const across = (head) => (Math.log10(spanOf(head) / left) / Math.log10(limit * 1.12 / left)) * (width - 60);
    const told = shown?.answer && moved.some((head) => chosen.includes(head)); // its label needs the room
    const third = Math.log10(nearest * (limit / nearest) ** 0.3);
    return {
      data: [
        { type: 'scatter', mode: 'lines', name: 'all that it may', x: [1, limit], y: [1, limit], line: { color: colours.soft, width: 1, dash: 'dot' }, hoverinfo: 'skip' },
        ...needed(colours, chosen),
        points(known.filter((head) => !chosen.includes(head)), colours.marks, colours.ink, size),
        points(chosen, colours.accent, colours.accent, size + 3),
        ...(moved.length ? [{
          type: 'scatter', mode: 'markers', name: 'uncut', hoverinfo: 'skip', marker: { symbol: 'circle-open', color: colours.soft, size },
          x: moved.map(({ span }) => span), y: moved.map(({ mean_distance }) => mean_distance), customdata: moved.map(headKey),
        }] : []),
      ],
      layout: {
        margin: { l: 48, r: 12, t: 12, b: 36 },
        xaxis: { title: `may look: span, ${unit}s`, ...logAxis(left, limit * 1.12) },
        yaxis: { title: 'does look: mean distance', ...logAxis(low, limit * 1.12) },
        shapes: moved.map((head) => ({ type: 'line', x0: spanOf(head), x1: head.span, y0: head.mean_distance, y1: head.mean_distance, layer: 'below', line: { color: colours.soft, width: 1 } })),
        annotations: [
          ...(told ? [] : [{
            x: third, y: third, text: 'all that it may', showarrow: false, textangle: -Math.atan(rise) * (180 / Math.PI), yshift: 10, xshift: -6, font: { color: colours.soft },
          }]),
          ...chosen.map((head) => ({
            x: Math.log10(spanOf(head)), y: Math.log10(head.mean_distance), text: label(head), showarrow: false, font: { color: colours.accent },
            ...(across(head) > labelWidth ? { align: 'right', xanchor: 'right', xshift: -10 } : { align: 'left', xanchor: 'left', xshift: 10, yshift: -20 }),
          })),
        ],
      },
    };
  };

  /** @param {Measured[]} heads @param {string} color @param {string} unused @param {number} size */
  const points = (heads, color, unused, size) => ({
    type: 'scatter', mode: 'markers', name: 'heads', x: heads.map(spanOf), y: heads.map(({ mean_distance }) => mean_distance), customdata: heads.map(headKey),
    marker: { color: heads.map(({ reach_unused }) => (reach_unused ? unused : color)), symbol: heads.map(({ reach_unused }) => (reach_unused ? 'diamond-open' : 'circle')), size, opacity: 0.85 },
    error_y: {
      type: 'data', symmetric: false, array: heads.map(({ mean_distance, distance_90 }) => Math.max(0, distance_90 - mean_distance)), arrayminus: heads.map(() => 0),
      color, thickness: 1, width: 0,
    },
    text: heads.map((head) => `${headName(head)}<br>may look ${amount(spanOf(head))} ${unit}s back<br>looks back ${amount(head.mean_distance)} on average<br>90% within ${amount(head.distance_90)}`),
    hovertemplate: '%{text}<extra></extra>',
  });

  /**
   * A tick where each head's need ends, and a hairline from there to its span.
   * @param {Colours} colours @param {Measured[]} chosen
   */
  const needed = (colours, chosen) => (needing().length ? [{
    type: 'scatter', mode: 'lines', name: 'from what it needs', hoverinfo: 'skip', line: { color: colours.line, width: 1 },
    x: needing().flatMap((head) => [head.needs, spanOf(head), null]), y: needing().flatMap(({ mean_distance: y }) => [y, y, null]),
  }, {
    type: 'scatter', mode: 'markers', name: 'needs', x: needing().map(({ needs }) => needs), y: needing().map(({ mean_distance }) => mean_distance), customdata: needing().map(headKey),
    marker: { symbol: 'line-ns-open', size: 8, color: needing().map((head) => (chosen.includes(head) ? colours.accent : colours.soft)), line: { width: 1.5 } },
    text: needing().map((head) => `${headName(head)}<br>needs ${amount(head.needs ?? NaN)} ${unit}s, if cut alone`), hovertemplate: '%{text}<extra></extra>',
  }] : []);

  /** @param {Measured} head */
  const label = (head) => {
    const cut = findHead(shown?.cuts ?? [], headKey(head));
    if (!cut || !shown?.answer) return headName(head);
    const together = shown.cuts.length > 1 ? ` and ${shown.cuts.length - 1} more` : '';
    return `${headName(head)}${together}, cut:<br>${bitsChange(shown.answer)} bits`;
  };

  return {
    ...picture,
    /** @param {import('./figure.js').Shown} next */
    show(next) {
      shown = next;
      const head = findHead(known, headKey(next.chosen));
      const needs = head && head.needs !== null ? ` It needs ${amount(head.needs)}.` : '';
      const about = head ? ` ${headName(head)} may look ${amount(spanOf(head))} ${unit}s back and looks back ${amount(head.mean_distance)} on average.${needs}` : '';
      const ticks = needing().length ? ' A tick to the left: what it needs, losing less than 0.001 bits if cut there alone.' : '';
      picture.show(draw, {
        note: `${words} Bars go on to where 90% lies.${ticks}`, label: `Span against mean distance of the attention, ${known.length} heads. ${words}${about}` });
    },
  };
}

/** @param {HeadUse} head */
const isMeasured = ({ mean_distance }) => mean_distance !== null && mean_distance > 0;
