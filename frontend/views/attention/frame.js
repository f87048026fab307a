import { logTicks } from '../../parts/scale.js';
import { count } from '../../words.js';
import { ticks } from './axis.js';

/**
 * What stands around and over the colours of a map: axes, where the text begins, the cross-hair.
 * @typedef {import('./axis.js').Axis} Axis
 * @typedef {{ left: number, top: number, across: Axis, down: Axis, square: boolean }} Place
 * @typedef {{ query: number, distance: number }} At
 */

/** @param {Axis} down of distances: the middle of each on a log axis @param {number} distance */
export const middle = ({ log }, distance) => (log ? Math.sqrt(distance * (distance + 1)) : distance + 0.5);

/** @param {Place} place */
export function ticksOf({ across, down, square }) {
  const places = (/** @type {Axis} */ axis, /** @type {number} */ apart) =>
    ticks(Math.ceil(axis.low), axis.high - 1, axis.length / apart).map((value) => ({ value, at: value + 0.5 }));
  if (square) return { across: places(across, 90), down: places(down, 60) };
  const [low, high] = [Math.ceil(down.low), down.high - 1];
  const even = ticks(low, high, down.length / 40);
  const distances = down.log ? logTicks(low, Math.max(high, low + 1)) : [...(low === 1 && !even.includes(1) ? [1] : []), ...even.filter((tick) => tick !== 0)];
  return { across: places(across, 90), down: distances.map((value) => ({ value, at: middle(down, value) })) };
}

/**
 * Where a weight is drawn: the middle of its cell.
 * @param {Place} place
 * @param {At} at
 */
export const centre = ({ across, down, square }, { query, distance }) => (square
  ? { x: across.pixel(query - distance + 0.5), y: down.pixel(query + 0.5) }
  : { x: across.pixel(query + 0.5), y: down.pixel(middle(down, distance)) });

/**
 * The weight at a pixel, whole tokens; of the square, only below its diagonal.
 * @param {Place} place
 * @param {{ x: number, y: number }} pixel inside the picture
 * @returns {At}
 */
export function atPixel({ across, down, square }, { x, y }) {
  const [column, row] = [Math.floor(across.value(x)), Math.floor(down.value(y))];
  return square ? { query: row, distance: Math.max(1, row - column) } : { query: column, distance: Math.max(1, row) };
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Place} place
 * @param {Colours} colours
 * @param {{ across: string, down: string }} titles
 */
export function drawAxes(pen, place, colours, titles) {
  const { left, top, across, down } = place;
  const [right, bottom] = [left + across.length, top + down.length];
  const marks = ticksOf(place);
  pen.font = `12px ${colours.font}`;
  pen.fillStyle = colours.soft;
  pen.strokeStyle = colours.line;
  pen.lineWidth = 1;
  pen.textBaseline = 'top';
  pen.textAlign = 'center';
  for (const { value, at } of marks.across) {
    const x = left + across.pixel(at);
    line(pen, x, bottom, x, bottom + 4);
    pen.fillText(count(value), x, bottom + 6);
  }
  pen.fillText(titles.across, left + across.length / 2, bottom + 22);
  pen.textBaseline = 'middle';
  pen.textAlign = 'right';
  let free = -Infinity;
  for (const { value, at } of marks.down) {
    const y = top + down.pixel(at);
    if (y < top || y > bottom || y - free < 14) continue;
    free = y;
    line(pen, left - 4, y, left, y);
    pen.fillText(count(value), left - 8, y);
  }
  pen.save();
  pen.translate(10, top + down.length / 2);
  pen.rotate(-Math.PI / 2);
  pen.textAlign = 'center';
  pen.fillText(titles.down, 0, 0);
  pen.restore();
  pen.strokeRect(left - 0.5, top - 0.5, right - left + 1, bottom - top + 1);
}

/** Above it keys stand in the text, below it before. @param {CanvasRenderingContext2D} pen @param {Place} place */
export function drawTextBegins(pen, { left, top, across, down, square }) {
  if (square || across.low >= down.high) return;
  pen.save();
  clip(pen, left, top, across.length, down.length);
  pen.strokeStyle = '#fff';
  pen.setLineDash([4, 3]);
  pen.beginPath();
  for (let row = Math.floor(across.low); row <= Math.min(across.high, down.high); row++) {
    const y = top + down.pixel(row + 1);
    pen.lineTo(left + across.pixel(row), y);
    pen.lineTo(left + across.pixel(row + 1), y);
  }
  pen.stroke();
  pen.restore();
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Place} place
 * @param {At} at
 * @param {string} color
 */
export function drawCrossHair(pen, place, at, color) {
  const { left, top, across, down, square } = place;
  const { x, y } = centre(place, at);
  pen.save();
  clip(pen, left, top, across.length, down.length);
  for (const [style, wider] of /** @type {const} */ ([['#fff6', 2], [color, 0]])) { // seen on every colour
    pen.strokeStyle = style;
    pen.lineWidth = 1 + wider;
    line(pen, left + x, top, left + x, top + down.length);
    line(pen, left, top + y, left + across.length, top + y);
    pen.lineWidth = 2 + wider;
    pen.strokeRect(left + x - 4, top + y - 4, 8, 8);
  }
  pen.restore();
  if (square) return;
  const key = left + across.pixel(at.query - at.distance + 0.5);
  if (key < left || key > left + across.length) return;
  pen.fillStyle = color;
  pen.beginPath();
  pen.moveTo(key - 4, top + down.length + 7);
  pen.lineTo(key, top + down.length + 1);
  pen.lineTo(key + 4, top + down.length + 7);
  pen.fill();
}

/** @param {CanvasRenderingContext2D} pen @param {number} fromX @param {number} fromY @param {number} toX @param {number} toY */
function line(pen, fromX, fromY, toX, toY) {
  pen.beginPath();
  pen.moveTo(fromX, fromY);
  pen.lineTo(toX, toY);
  pen.stroke();
}

/** @param {CanvasRenderingContext2D} pen @param {number} x @param {number} y @param {number} width @param {number} height */
function clip(pen, x, y, width, height) {
  pen.beginPath();
  pen.rect(x, y, width, height);
  pen.clip();
}
