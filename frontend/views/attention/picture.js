import { themed } from '../../parts/figure.js';
import { colours } from '../../theme.js';
import { count } from '../../words.js';
import { along, weightOf, weightTicks } from './codes.js';
import { centre, middle, ticksOf } from './frame.js';
import { codeAt } from './paint.js';
import { colorscale } from '../../parts/scale.js';
import { weightWords } from './words.js';

/** @typedef {NonNullable<ReturnType<ReturnType<typeof import('./map.js').attentionMap>['picture']>>} Picture */

/** The colours with their weights, as plotly draws a legend. */
export const colourBar = () => ({
  thickness: 8, outlinewidth: 0, len: 1, ypad: 0, tickvals: weightTicks.map(along), ticktext: weightTicks.map(weightWords), title: { text: 'weight', side: 'right' },
});

/**
 * The map as a plotly figure, to be saved: the canvas as an image, axes and cross-hair drawn anew.
 * @param {Picture} picture
 * @param {string} unit
 */
export function figureOf({ place, image, rows, back, square, log, at }, unit) {
  const { across, down } = place;
  const palette = colours();
  const marks = ticksOf(place);
  const scaled = (/** @type {number} */ value) => (!square && log ? Math.log10(value) : value);
  const [low, high] = square ? rows : back;
  const margin = { l: 56, r: 88, t: 8, b: 44 };
  const from = at.query + 0.5;
  const to = square ? at.query - at.distance + 0.5 : middle(down, at.distance);
  const hair = { type: 'line', line: { color: palette.accent, width: 1 } };
  const { x, y } = centre(place, at);
  const seen = x >= 0 && x < across.length && y >= 0 && y < down.length;
  return {
    data: [{
      type: 'scatter', mode: 'markers', x: [null], y: [null],
      marker: { color: [0], cmin: 0, cmax: 1, colorscale: colorscale(), showscale: true, colorbar: colourBar() },
    }],
    layout: themed({
      margin,
      images: [{ source: image, xref: 'paper', yref: 'paper', x: 0, y: 1, sizex: 1, sizey: 1, sizing: 'stretch', layer: 'below' }],
      shapes: seen ? [
        { ...hair, yref: 'paper', y0: 0, y1: 1, x0: square ? to : from, x1: square ? to : from },
        { ...hair, xref: 'paper', x0: 0, x1: 1, y0: square ? from : to, y1: square ? from : to },
      ] : [],
      xaxis: {
        range: rows, showgrid: false, title: `place in the text, ${unit}s`, tickvals: marks.across.map((tick) => tick.at), ticktext: marks.across.map(({ value }) => count(value)),
      },
      yaxis: {
        type: !square && log ? 'log' : 'linear', range: [scaled(high), scaled(low)], showgrid: false, title: square ? `read from, ${unit}` : `distance, ${unit}s back`,
        tickvals: marks.down.map((tick) => tick.at), ticktext: marks.down.map(({ value }) => count(value)),
      },
    }, palette, across.length + margin.l + margin.r, down.length + margin.t + margin.b),
  };
}

/**
 * The weights on show, a line a row and a column a distance; of a pooled map the largest of each cell.
 * @param {Picture} picture
 * @param {import('./levels.js').Level} level
 * @returns {(string | number)[][]}
 */
export function tableOf({ subject, head, rows, back }, level) {
  const find = subject.levels.finder(head, level);
  const [first, stop] = [Math.floor(rows[0]), Math.min(Math.ceil(rows[1]), subject.count)];
  const [near, far] = [Math.floor(back[0]), Math.ceil(back[1]) - 1];
  const table = [];
  let distances = /** @type {number[]} */ ([]);
  for (let row = first, tile; row < stop; row = tile ? tile.first + (Math.floor((row - tile.first) / tile.pool) + 1) * tile.pool : row + 1) {
    tile = find(row);
    if (!tile) continue;
    const { pool, back: step, columns, weights } = tile;
    if (!distances.length) for (let from = near; from <= Math.min(far, columns * step); from += step) distances.push(from);
    const last = Math.min(row + pool, tile.stop) - 1;
    const value = (/** @type {number} */ distance) => (weights
      ? weights[(row - tile.first) * columns + distance - 1]
      : Number(weightOf(Math.max(0, codeAt(tile, row, distance))).toPrecision(3)));
    table.push([row, last, subject.textAround(row, 0).itself, ...distances.map(value)]);
  }
  const kind = level.exact ? 'weight' : 'largest weight';
  return [['row', 'to row', 'read from', ...distances.map((distance) => `${kind} at distance ${distance}`)], ...table];
}

