import { el } from './dom.js';
import { css, tinter } from './scale.js';
import { amount, share } from '../words.js';

/** The tints of the text with what they stand for. */
export function tintScale() {
  const canvas = el('canvas', { width: 160, height: 1, 'aria-hidden': 'true' });
  const [low, high] = [el('span'), el('span')];
  return {
    element: el('span', { class: 'scale' }, low, canvas, high),
    /** @param {import('./scale.js').Domain} domain @param {import('./measures.js').Measure} measure @param {string} unit */
    show(domain, measure, unit) {
      const tint = tinter();
      const pen = canvas.getContext('2d');
      for (let x = 0; pen && x < canvas.width; x++) {
        pen.fillStyle = css(tint(x / (canvas.width - 1)));
        pen.fillRect(x, 0, 1, 1);
      }
      const written = measure === 'outside' ? share : amount;
      const flat = domain.high <= domain.low;
      canvas.hidden = flat;
      low.textContent = flat ? 'everywhere' : written(domain.low);
      const what = { span: `${unit}s back`, distance: `${unit}s back`, bits: 'bits', outside: 'outside' }[measure];
      high.textContent = `${written(domain.high)} ${what}${domain.log && !flat ? ', log scale' : ''}`;
    },
  };
}
