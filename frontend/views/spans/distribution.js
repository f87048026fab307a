import { figure } from '../../parts/figure.js';
import { logAxis } from '../../parts/scale.js';
import { amount, findHead, headKey, headName } from '../../words.js';

/**
 * How many heads may look, and do look, further back than a distance.
 * @param {import('./figure.js').Parts} parts
 */
export function distributionFigure({ page, spans, uses, unit }) {
  const limit = spans.span_limit;
  const looks = uses.heads.flatMap(({ distance_90 }) => (distance_90 === null ? [] : [distance_90]));
  let heads = /** @type {CutHead[]} */ (spans.heads);
  let chosen = heads[0];
  const picture = figure({
    id: 'distribution', title: 'How many heads look further?', height: 300, page,
    note: looks.length ? 'they may: their span is longer; they do: over a tenth of their attention lies beyond' : 'heads whose span is longer',
    caption: () => page.checkpoint.id,
    rows: () => [['heads beyond', 'span', '90% of the attention'], ...beyond(heads.map(({ span }) => span), limit).y.map((many, i) => [
      many, beyond(heads.map(({ span }) => span), limit).x[i], looks.length ? beyond(looks, limit).x[i] : '',
    ])],
  });

  /** @param {Colours} colours @returns {Drawing} */
  const draw = (colours) => {
    const cut = heads.some(({ uncut }) => uncut);
    /** @param {string} name @param {number[]} values @param {object} look @param {object} [own] */
    const curve = (name, values, look, own) => ({
      type: 'scatter', mode: 'lines', name, ...beyond(values, limit), line: { width: 2, shape: 'hv', ...look },
      hovertemplate: `%{y} heads ${name} beyond %{x:.0f} ${unit}s<extra></extra>`, ...own,
    });
    const spansNow = heads.map(({ span }) => span);
    return {
      data: [
        ...(cut ? [curve('uncut', spans.heads.map(({ span }) => span), { color: colours.soft, dash: 'dot', width: 1 }, { hoverinfo: 'skip', hovertemplate: undefined })] : []),
        ...(looks.length ? [curve('do look', looks, { color: colours.soft })] : []),
        curve('may look', spansNow, { color: colours.marks }),
        mark(spansNow, chosen.span, colours),
      ],
      layout: {
        margin: { l: 48, r: 12, t: 12, b: 36 }, hovermode: 'x',
        xaxis: { title: `distance, ${unit}s back`, ...logAxis(1, limit * 1.12) },
        yaxis: { title: 'heads', range: [0, heads.length * 1.05], nticks: 6 },
        annotations: [
          name('may look', spansNow, 0.72, { color: colours.marks, anchor: 'left' }),
          ...(looks.length ? [name('do look', looks, 0.72, { color: colours.soft, anchor: 'right' })] : []),
        ],
      },
    };
  };

  /** A name beside its curve, where so much of the heads lie beyond. @param {string} text @param {number[]} values @param {number} share @param {{ color: string, anchor: string }} look */
  const name = (text, values, share, { color, anchor }) => {
    const { x, y } = beyond(values, limit);
    const at = y.findIndex((many) => many <= share * values.length);
    return { x: Math.log10(x[at]), y: y[at], text, showarrow: false, xanchor: anchor, xshift: anchor === 'left' ? 8 : -8, font: { color } };
  };

  /** The chosen head on the curve. @param {number[]} values @param {number} span @param {Colours} colours */
  const mark = (values, span, colours) => ({
    type: 'scatter', mode: 'markers', name: 'chosen', x: [span], y: [values.filter((other) => other > span).length], marker: { color: colours.accent, size: 9 },
    text: [`${headName(chosen)}: span ${amount(span)}`], hovertemplate: '%{text}<extra></extra>',
  });

  return {
    ...picture,
    /** @param {import('./figure.js').Shown} shown */
    show(shown) {
      heads = shown.heads;
      chosen = findHead(heads, headKey(shown.chosen)) ?? heads[0];
      const further = heads.filter(({ span }) => span > chosen.span).length;
      picture.show(draw, { label: `How many of ${heads.length} heads may look beyond a distance; ${further} further than ${headName(chosen)}.` });
    },
  };
}

/** A step at each value, from 1 to the limit: how many values lie beyond. @param {number[]} values @param {number} limit */
export function beyond(values, limit) {
  const ordered = values.map((value) => Math.max(1, value)).sort((a, b) => a - b);
  return { x: [1, ...ordered, limit], y: [...ordered.map((_, i) => ordered.length - i), 0, 0] };
}
