import { costs, pathPoints } from '../../parts/costs.js';
import { figure } from '../../parts/figure.js';
import { segments } from '../../parts/segments.js';
import { amount, bits, count } from '../../words.js';

/**
 * How a trimmed checkpoint came to be: bits against cost, from its parent on to ever shorter spans.
 * @param {Page} page
 * @param {TrimPath} path
 * @param {string} unit
 */
export function pathFigure(page, path, unit) {
  let against = /** @type {import('../../parts/costs.js').Cost} */ ('flops');
  const choice = segments('cost', (value) => {
    against = /** @type {typeof against} */ (value);
    show();
  });
  const picture = figure({
    id: 'path-figure', title: 'The trim', height: 170, page, caption: () => page.checkpoint.id,
    rows: () => [
      ['mean span', 'flops', 'flops_with_positions', 'cache_bytes', 'bits lost on a sample', 'standard error', 'bits', 'this checkpoint'],
      ...path.points.map((point) => [
        point.mean_span, point.flops, point.flops_with_positions, point.cache_bytes, point.bits, point.error ?? '', point.bpc, String(point.chosen),
      ]),
    ],
  });

  /** @param {Colours} colours @returns {Drawing} */
  const draw = (colours) => {
    const points = pathPoints(path, against);
    const marked = points.filter(({ chosen }, i) => chosen || i === 0);
    const { axis, written } = costs[against];
    /** @param {typeof points} of @param {object} look */
    const trace = (of, look) => ({
      type: 'scatter', x: of.map(({ x }) => x), y: of.map(({ y }) => y), cliponaxis: false, hovertemplate: '%{text}<extra></extra>',
      text: of.map((point) => `${bits(point.y)} bits a ${unit}<br>${written(point.x)}<br>mean span ${amount(point.mean_span)}`), ...look,
    });
    return {
      data: [
        trace(points, { mode: 'lines+markers', line: { color: colours.soft, width: 1.5, dash: 'dot' }, marker: { size: 4 } }),
        trace(marked, { mode: 'markers', marker: { size: 9, color: marked.map(({ chosen }) => (chosen ? colours.accent : colours.marks)) } }),
      ],
      layout: {
        margin: { l: 44, r: 8, t: 8, b: 36 },
        xaxis: { title: axis, nticks: 4, tickformat: '~s' }, yaxis: { title: `bits a ${unit}`, nticks: 4 },
      },
    };
  };

  function show() {
    choice.show(Object.fromEntries(Object.entries(costs).map(([key, { name }]) => [key, name])), against);
    const chosen = path.points.find((point) => point.chosen) ?? path.points[0];
    picture.show(draw, {
      note: `from ${path.parent} on the right to ever shorter spans, this checkpoint in colour. These two on held-out text, the rest on ${count(path.tokens)} ${unit}s of it`,
      label: `Bits against ${costs[against].name} along the trim of ${path.parent}; this checkpoint: ${bits(chosen.bpc)} bits a ${unit} at ${costs[against].written(chosen[against])}.`,
    });
  }

  picture.element.append(choice.element);
  return { ...picture, show };
}
