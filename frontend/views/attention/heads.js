import { el } from '../../parts/dom.js';
import { figure, margin } from '../../parts/figure.js';
import { count, headKey, headName } from '../../words.js';
import { along } from './codes.js';
import { colorscale } from '../../parts/scale.js';
import { colourBar } from './picture.js';
import { rowOf, strongest } from './subject.js';
import { backWords, weightWords } from './words.js';

/**
 * What every head reads from the chosen token: heads from left to right, distances down in bins that double.
 * @param {Page} page
 * @param {Head[]} heads
 * @param {string} unit
 * @param {(head: Head) => void} chooseHead
 */
export function headsFigure(page, heads, unit, chooseHead) {
  /** @type {{ shown: import('./map.js').Shown, rows: Map<string, Float32Array> } | undefined} */
  let current;
  let bins = binsUpTo(1);
  const table = el('tbody');
  const details = el('details', { class: 'note', ontoggle: () => fill() }, el('summary', {}, 'Every head’s strongest key, as a table'),
    el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Every head’s strongest key' }, el('table', {},
      el('thead', {}, el('tr', {}, ...['head', 'key', `${unit}s back`, 'weight'].map((name) => el('th', { scope: 'col' }, name)))), table)));

  const picture = figure({
    id: 'attention-heads', title: 'Every head from here', height: 260, page,
    caption: () => `${page.checkpoint.id} · ${unit} ${current?.shown.at.query ?? ''}`,
    rows: () => [['head', ...bins.map(nameOf), 'before the text'], ...heads.map((head) => [headKey(head), ...sums(head).map((sum) => sum ?? '')])],
    onPoint: ({ x }) => chooseHead(heads[x]),
  });

  /** The weight in each bin, nothing beyond the head's span, and what falls before the text. @param {Head} head */
  function sums(head) {
    if (!current) return [];
    const weights = rowOf(current.rows, head);
    const inside = weights.subarray(0, current.shown.at.query);
    const sum = (/** @type {Float32Array} */ part) => part.reduce((total, weight) => total + weight, 0);
    return [
      ...bins.map(([from, to]) => (from > inside.length ? null : sum(inside.subarray(from - 1, to)))),
      weights.length > inside.length ? sum(weights.subarray(inside.length)) : null,
    ];
  }

  /** @param {Head} head */
  function top(head) {
    if (!current) return undefined;
    const [found] = strongest(rowOf(current.rows, head), 1);
    return { ...found, name: current.shown.subject.nameOf(current.shown.at.query - found.distance) };
  }

  /** @param {Colours} colours @param {number} width @returns {Drawing} */
  const draw = (colours, width) => {
    const values = heads.map(sums);
    const before = values.some((own) => own[bins.length] !== null);
    const lines = [...bins.map(nameOf), ...(before ? ['before'] : [])];
    const layers = [...new Set(heads.map(({ layer }) => layer))];
    const perLayer = heads.length / layers.length;
    const x = heads.findIndex((head) => head === current?.shown.head);
    return {
      data: [{
        type: 'heatmap', colorscale: colorscale(), zmin: 0, zmax: 1, xgap: width > 500 ? 1 : 0, ygap: 1, showscale: width > 500, colorbar: { ...colourBar(), x: 1, xpad: 8 },
        z: lines.map((_, bin) => values.map((own) => (own[bin] === null ? null : along(/** @type {number} */ (own[bin]))))),
        text: lines.map((name, bin) => heads.map((head, i) => {
          const found = top(head);
          const where = bin < bins.length ? `${name} ${unit}s back` : 'before the text';
          return `${headName(head)}, ${where}: ${weightWords(values[i][bin] ?? 0)}${found ? `<br>most on ${escaped(found.name)}, ${backWords(found.distance, unit)}: ${weightWords(found.weight)}` : ''}`;
        })),
        hovertemplate: '%{text}<extra></extra>',
      }],
      layout: {
        margin: { ...margin, l: 72, r: width > 500 ? 80 : 8, b: 28 },
        xaxis: {
          showgrid: false, range: [-0.5, heads.length - 0.5], tickvals: layers.map((layer) => (layer + 0.5) * perLayer - 0.5),
          ticktext: layers.map((layer) => (width > 500 && layers.length <= 12 ? `layer ${layer}` : `L${layer}`)),
        },
        yaxis: { showgrid: false, autorange: 'reversed', tickvals: lines.map((_, bin) => bin), ticktext: lines, title: { text: `${unit}s back`, standoff: 4 } },
        shapes: [
          ...layers.slice(1).map((layer) => ({ type: 'line', yref: 'paper', y0: 0, y1: 1, x0: layer * perLayer - 0.5, x1: layer * perLayer - 0.5, line: { color: colours.paper, width: 3 } })),
          { type: 'rect', yref: 'paper', y0: 0, y1: 1, x0: x - 0.5, x1: x + 0.5, line: { color: colours.accent, width: 2 } },
        ],
      },
    };
  };

  /** The table is made when it is opened. */
  function fill() {
    if (!details.open || !current) return;
    table.replaceChildren(...heads.map((head) => {
      const found = top(head);
      const choose = el('button', { type: 'button', class: 'quiet', onclick: () => chooseHead(head) }, headName(head));
      return el('tr', { 'aria-current': head === current?.shown.head && 'true' }, el('td', {}, choose), el('td', {}, found?.name ?? '–'),
        el('td', {}, found ? count(found.distance) : '–'), el('td', {}, found ? weightWords(found.weight) : '–'));
    }));
  }

  return {
    element: el('section', {}, picture.element, details),
    drawn: picture.drawn,
    /** @param {import('./map.js').Shown} shown @param {Map<string, Float32Array>} rows */
    show(shown, rows) {
      current = { shown, rows };
      bins = binsUpTo(Math.max(...[...rows.values()].map(({ length }) => length)));
      fill();
      const { subject, at } = shown;
      return picture.show(draw, {
        title: `Every head from the ${subject.nameOf(at.query)}`,
        note: `share of its attention by distance, ${headName(shown.head)} framed; click a column to choose it`,
        label: `What each of ${heads.length} heads reads from ${unit} ${at.query}, by distance. The table below names each head’s strongest key.`,
      });
    },
  };
}

/** 1, 2, 3 to 4, 5 to 8 and so on. @param {number} reach @returns {[number, number][]} */
function binsUpTo(reach) {
  /** @type {[number, number][]} */
  const bins = [[1, 1]];
  for (let to = 1; to < reach; to *= 2) bins.push([to + 1, 2 * to]);
  return bins;
}

/** @param {[number, number]} bin */
const nameOf = ([from, to]) => (from === to ? String(from) : `${count(from)}–${count(to)}`);

/** As plotly reads it: it knows some HTML. @param {string} text */
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

