import { el } from '../../parts/dom.js';
import { css, viridis } from '../../parts/scale.js';
import { shade, weightTicks } from './codes.js';
import { weightWords } from './words.js';

/** The colours of all maps of this view and the weights that they stand for. */
export function legend() {
  const canvas = el('canvas', { width: 200, height: 1, 'aria-hidden': 'true' });
  const pen = canvas.getContext('2d');
  for (let x = 0; pen && x < canvas.width; x++) {
    pen.fillStyle = css(viridis(x / (canvas.width - 1)));
    pen.fillRect(x, 0, 1, 1);
  }
  return el('div', { class: 'legend' }, el('span', {}, 'weight'), el('div', {}, canvas,
    el('div', { class: 'ticks' }, ...weightTicks.map((weight) => el('span', { style: `left:${100 * shade(weight)}%` }, weightWords(weight))))));
}
