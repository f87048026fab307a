import { el } from '../../parts/dom.js';
import { onTheme } from '../../theme.js';
import { along, weightTicks } from './codes.js';
import { shade } from './palette.js';
import { weightWords } from './words.js';

/**
 * The colours of all maps of this view and the weights that they stand for.
 * @param {string} unit
 * @param {AbortSignal} signal
 */
export function legend(unit, signal) {
  const name = el('span');
  const canvas = el('canvas', { width: 200, height: 1, 'aria-hidden': 'true' });
  const pen = canvas.getContext('2d');
  function paint() {
    for (let x = 0; pen && x < canvas.width; x++) {
      pen.fillStyle = shade(x / (canvas.width - 1));
      pen.fillRect(x, 0, 1, 1);
    }
  }
  paint();
  onTheme(paint, signal);
  const marks = weightTicks.map((weight) => el('span', { style: `left:${100 * along(weight)}%` }, weightWords(weight)));
  return {
    element: el('div', { class: 'legend' }, name, el('div', {}, canvas, el('div', { class: 'ticks' }, ...marks))),
    /** @param {number} pool rows that share a point */
    show(pool) {
      name.textContent = pool > 1 ? `largest weight of ${pool} ${unit}s` : 'weight';
    },
  };
}
