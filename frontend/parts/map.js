import { colours, onTheme } from '../theme.js';
import { amount, headKey, headName } from '../words.js';
import { el } from './dom.js';
import { themed } from './figure.js';
import { css, inkOn, position, shade } from './scale.js';

const cellHeight = 38;

/**
 * @typedef {{ layer: number, head: number }} Place
 * @typedef {Place & { span: number, z: number, uncut?: { span: number } }} Cell
 * @typedef {{
 *   id: string, label: string, layers: number, heads: number, unit: string, choose: (place: Place) => void,
 *   domain: import('./scale.js').Domain, signal?: AbortSignal, look?: Look,
 * }} About while `signal` is not aborted the colours follow the theme
 * @typedef {{ colour: (value: number) => import('./scale.js').Rgb, text: (value: number) => string, label: (cell: Cell) => string, title: (cell: Cell) => string }} Look
 */

/** @param {About} about @returns {Look} */
const ofSpans = ({ domain, unit }) => ({
  colour: (span) => shade(position(span, domain)), text: (span) => amount(Math.round(span)),
  label: (cell) => `${headName(cell)}, span ${amount(cell.span)} ${unit}s`, title: (cell) => `${headName(cell)} · z ${amount(cell.z)}${cell.uncut ? ` · cut from ${amount(cell.uncut.span)}` : ''}`,
});

/**
 * Spans, layers by heads, the first layer at the bottom: a grid one walks through with the arrow keys.
 * @param {About} about
 */
export function headGrid(about) {
  const { id, label, layers, heads, choose, signal, look = ofSpans(about) } = about;
  /** @type {Map<string, Cell>} */
  let shown = new Map();
  let chosen = /** @type {Place | undefined} */ (undefined);
  const across = [...Array(heads).keys()];
  const bottomUp = [...Array(layers).keys()];
  const topDown = bottomUp.toReversed();

  /** @type {Map<string, HTMLElement>} */
  const cells = new Map();
  /** @param {Place} place */
  const cell = (place) => {
    const node = el('div', { role: 'gridcell', tabindex: cells.size ? '-1' : '0', onclick: () => move(place), onfocus: () => { walked = place; } });
    cells.set(headKey(place), node);
    return node;
  };
  const foot = el('div', { role: 'row', class: 'soft' },
    el('span', { role: 'columnheader' }, el('span', { class: 'hidden' }, 'layer')), ...across.map((head) => el('span', { role: 'columnheader' }, `H${head}`)));
  const element = el('div', {
    id, class: 'head-map', role: 'grid', 'aria-label': label, onkeydown: keys,
    style: `--across:${heads};--cell:${layers > 12 ? 24 : cellHeight}px`,
  }, ...topDown.map((layer) => el('div', { role: 'row' },
    el('span', { role: 'rowheader', class: 'soft' }, `L${layer}`), ...across.map((head) => cell({ layer, head })))), foot);
  let walked = { layer: layers - 1, head: 0 };

  /** @param {Place} place */
  function move(place) {
    choose(place);
    cells.get(headKey(place))?.focus();
  }

  /** @param {KeyboardEvent} event */
  function keys(event) {
    const [up, right] = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key] ?? [0, 0];
    if (!(up || right)) return;
    event.preventDefault();
    const next = { layer: walked.layer + up, head: walked.head + right };
    if (cells.has(headKey(next))) move(next);
  }

  function tint() {
    for (const [key, node] of cells) {
      const value = shown.get(key);
      if (!value) continue;
      const colour = look.colour(value.span);
      node.style.background = css(colour);
      node.style.color = inkOn(colour);
    }
  }
  if (signal) onTheme(tint, signal);

  return {
    element,
    /** @param {Cell[]} values one a head */
    paint(values) {
      shown = new Map(values.map((value) => [headKey(value), value]));
      tint();
      for (const [key, node] of cells) {
        const value = shown.get(key);
        if (!value) continue;
        node.textContent = look.text(value.span);
        node.title = look.title(value);
        node.toggleAttribute('data-cut', value.uncut !== undefined);
        node.setAttribute('aria-label', look.label(value));
      }
    },
    /** @param {Place | undefined} place */
    mark(place) {
      chosen = place;
      if (place) walked = { layer: place.layer, head: place.head };
      for (const [key, node] of cells) {
        node.setAttribute('aria-selected', String(place !== undefined && key === headKey(place)));
        node.tabIndex = key === headKey(walked) ? 0 : -1;
      }
    },
    /** The same as a plotly figure, to be saved. */
    picture() {
      const values = bottomUp.map((layer) => across.map((head) => shown.get(headKey({ layer, head }))?.span ?? NaN));
      // each cell is a level of its own, so that its colour is exact
      const level = (/** @type {number} */ cell) => cell / (layers * heads);
      const colorscale = [...values.flat(), values[0][0]].map((span, cell) => [level(cell), css(look.colour(span))]);
      const ink = values.flatMap((row, layer) => row.map((span, head) => ({
        x: head, y: layer, text: look.text(span), showarrow: false, font: { color: inkOn(look.colour(span)) },
      })));
      const frame = (/** @type {Place} */ { layer, head }) => ({
        type: 'rect', x0: head - 0.5, x1: head + 0.5, y0: layer - 0.5, y1: layer + 0.5, line: { color: colours().accent, width: 3 },
      });
      return {
        data: [{
          type: 'heatmap', colorscale, showscale: false, xgap: 2, ygap: 2, zmin: 0, zmax: 1,
          z: values.map((row, layer) => row.map((_, head) => level(layer * heads + head))),
        }],
        layout: themed({
          margin: { l: 40, r: 12, t: 8, b: 32 }, shapes: chosen ? [frame(chosen)] : [], annotations: ink,
          xaxis: { showgrid: false, tickvals: across, ticktext: across.map((head) => `H${head}`) },
          yaxis: { showgrid: false, tickvals: bottomUp, ticktext: bottomUp.map((layer) => `L${layer}`) },
        }, colours(), 48 * heads + 52, cellHeight * layers + 40),
      };
    },
  };
}
