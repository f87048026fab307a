import { costs, pathPoints } from '../../parts/costs.js';
import { el } from '../../parts/dom.js';
import { figure } from '../../parts/figure.js';
import { linkButton } from '../../parts/save.js';
import { segments } from '../../parts/segments.js';
import { bits, count } from '../../words.js';
import { domains, edge, heightFor, rangeOf, ticksOf } from './axes.js';
import { symbols } from './chosen.js';
import { facetsOf } from './facets.js';
import { placed } from './labels.js';

/** @typedef {import('../../parts/costs.js').Cost} Cost */
/** @typedef {import('./facets.js').Facet} Facet */

/**
 * Bits against cost, a facet a corpus.
 * @param {Frame} frame
 * @param {{ add: (id: string) => void }} listeners
 */
export function costFigure(frame, { add }) {
  /** @type {import('../compare.js').State} */
  let state;
  /** @type {Cost} */
  let against = 'flops';
  /** @type {Facet[]} */
  let facets = [];

  const choice = segments('against', (value) => frame.choose({ against: value }));
  const picture = figure({
    id: 'cost-figure', title: 'What do bits cost?', page: frame, links: [linkButton()],
    height: (width) => heightFor(facets.length, width),
    caption: () => state.chosen.map(({ id }) => id).join(', '),
    rows: () => [['corpus', 'model', 'source', against, 'bits', 'measured on'], ...facets.flatMap(rowsOf)],
    onPoint: ({ customdata }) => { if (typeof customdata === 'string' && customdata.includes('@')) add(customdata); },
  });

  /** @param {Facet} facet @returns {(string | number)[][]} */
  const rowsOf = ({ corpus, whole, others, chosen, published }) => [
    ...[...chosen, ...others].map((point) => [corpus, point.id, 'ours', point.x, point.y, whole ? 'valid' : 'part of valid']),
    ...published.map(({ model, source, x, y, test }) => [corpus, model, source, x, y, test ? 'test' : 'dev']),
  ];

  /** @param {Colours} colours @param {number} width @returns {Drawing} */
  const draw = (colours, width) => {
    const places = domains(facets, width);
    const parts = facets.map((facet, i) => drawFacet(facet, places[i], i ? String(i + 1) : '', colours));
    return {
      data: parts.flatMap(({ data }) => data),
      layout: {
        margin: edge, ...Object.assign({}, ...parts.map(({ axes }) => axes)), annotations: parts.flatMap(({ annotations }) => annotations),
      },
    };
  };

  /** @param {Facet} facet @param {ReturnType<typeof domains>[number]} place @param {string} n of its axes @param {Colours} colours */
  function drawFacet({ corpus, unit, whole, others, chosen, published }, place, n, colours) {
    const paths = whole ? state.chosen.flatMap(({ id, path }) => (path && chosen.some((point) => point.id === id) ? [pathPoints(path, against)] : [])) : [];
    const points = [...others, ...chosen, ...published, ...paths.flat()];
    const [x, y] = [rangeOf(points.map((point) => Math.log(point.x)), 0.12, 0.16), rangeOf(points.map((point) => point.y), 0.12, 0.02)];
    const at = (/** @type {{ x: number, y: number }} */ point) => ({
      x: place.width * (Math.log(point.x) - x[0]) / (x[1] - x[0]), y: place.height * (y[1] - point.y) / (y[1] - y[0]),
    });
    const named = [...chosen.map((point) => ({ ...at(point), text: `${point.letter} ${point.name}`, ink: colours.ink })),
      ...published.map((point) => ({ ...at(point), text: nameOf(point, published), ink: colours.soft }))];
    const labels = placed(named, others.map((point) => ({ ...at(point), text: '' })), place);
    const { axis, written } = costs[against];
    const ticks = ticksOf(Math.exp(x[0]), Math.exp(x[1]), Math.max(2, Math.floor(place.width / 40)));
    const axes = { xaxis: `x${n}`, yaxis: `y${n}` };
    /** @param {string} name @param {{ x: number, y: number }[]} at @param {object} look */
    const trace = (name, at, look) => (at.length
      ? [{ type: 'scatter', mode: 'markers', name: `${corpus}, ${name}`, ...axes, x: at.map((p) => p.x), y: at.map((p) => p.y), cliponaxis: false, hovertemplate: '%{text}<extra></extra>', ...look }] : []);
    /** @param {Checkpoint[]} of @param {number} size */
    const marks = (of, size) => ({
      marker: { size, color: of.map(({ variant }) => colours[variant]), symbol: of.map(({ variant }) => symbols[variant]), line: { width: 1, color: colours.paper } },
      customdata: of.map(({ id }) => id),
    });
    return {
      data: [
        ...paths.flatMap((path) => trace('path of a trim', path, {
          mode: 'lines', line: { color: colours.soft, width: 1.5, dash: 'dot' }, text: path.map((point) => card('on the path of a trim', point, unit, `mean span ${count(point.mean_span)}`)),
        })),
        ...trace('others', others, { ...marks(others, 8), opacity: 0.55, text: others.map((point) => card(point.id, point, unit, 'click to compare')) }),
        ...trace('chosen', chosen, { ...marks(chosen, 13), text: chosen.map((point) => card(point.id, point, unit, point.variant)) }),
        ...trace('published', published, {
          marker: { size: 9, symbol: 'diamond-open', color: colours.soft, line: { width: 1.5 } }, customdata: published.map(({ source }) => source),
          text: published.map((point) => card([point.model, ...(point.layers ? [`${point.layers} layers`] : [])].join(', '), point, unit, `${point.source}${point.test ? '' : ', on dev'}`)),
        }),
      ],
      axes: {
        [`xaxis${n}`]: { type: 'log', domain: place.x, anchor: `y${n}`, range: x.map((value) => value / Math.LN10), tickvals: ticks, ticktext: ticks.map(written), title: axis },
        [`yaxis${n}`]: { domain: place.y, anchor: `x${n}`, range: y, nticks: 6, title: `bits a ${unit}` },
      },
      annotations: [
        { xref: `x${n} domain`, yref: `y${n} domain`, x: 0, y: 1, xanchor: 'left', yanchor: 'bottom', yshift: 8, text: `<b>${corpus}</b>${chosen.length ? '' : ', published'}`, showarrow: false, font: { color: colours.ink } },
        ...named.map(({ text, ink }, i) => {
          const point = [...chosen, ...published][i];
          return { xref: `x${n}`, yref: `y${n}`, x: Math.log10(point.x), y: point.y, xshift: labels[i].x, yshift: -labels[i].y, text, showarrow: false, font: { color: ink } };
        }),
      ],
    };
  }

  /** @param {string} title @param {{ x: number, y: number }} point @param {string} unit @param {string} more */
  const card = (title, { x, y }, unit, more) =>
    [title, `${bits(y)} bits a ${unit}`, `${costs[against].written(x)} ${costs[against].axis.replace('bytes of ', '')}`, more].join('<br>');

  return {
    element: el('div', { class: 'block' }, el('div', { class: 'controls' }, choice.element), picture.element),
    drawn: picture.drawn,
    /** @param {import('../compare.js').State} next */
    show(next) {
      state = next;
      against = next.choices.against && next.choices.against in costs ? /** @type {Cost} */ (next.choices.against) : 'flops';
      choice.show(Object.fromEntries(Object.entries(costs).map(([key, { name }]) => [key, name])), against);
      facets = facetsOf(next, against);
      const named = facets.flatMap(({ corpus, unit, chosen }) => chosen.map(({ letter, x, y }) =>
        `${letter} on ${corpus} ${bits(y)} bits a ${unit} for ${costs[against].written(x)}`));
      return picture.show(draw, { note: note(facets, against), label: `Bits against ${costs[against].name}: ${named.join('; ')}. The tables below hold all numbers.` });
    },
  };
}

/** With its layers, where several have one name. @param {PublishedResult} result @param {PublishedResult[]} published */
const nameOf = ({ model, layers }, published) => (published.filter((other) => other.model === model).length > 1 ? `${model} ${layers}` : model);

/** @param {Facet[]} facets @param {Cost} against */
function note(facets, against) {
  const measured = facets.some(({ chosen, whole }) => chosen.length && !whole) ? 'on the part of valid that training evaluates on' : 'on held-out text';
  const others = facets.some(({ others: faint }) => faint.length) ? '; faint marks are the other checkpoints, click one to add it' : '';
  const trimmed = facets.some(({ chosen, whole }) => whole && chosen.some(({ parent }) => parent)) ? '; a dotted line is what shorter spans of the parent would have cost, on a sample' : '';
  const published = facets.some(({ published: hollow }) => hollow.length) ? '; hollow ones are published, on test, some with their number of layers' : '';
  return `Further left is cheaper, further down better. Bits ${measured}${others}${trimmed}${published}. Here: ${costs[against].note}. Bits of different corpora are not comparable: each has its own axes.`;
}
