import { el } from '../../parts/dom.js';
import { alongFigure } from './along.js';
import { callers } from './calls.js';
import { headStrip } from './strip.js';

/**
 * The measure along the text, over every head, and by what calls for it, with one cursor.
 * @param {Page} page
 * @param {{
 *   rows: number, usual: import('../../parts/measures.js').Measure, onToken: (token: number) => void,
 *   chooseHead: (head: { layer: number, head: number }) => void, chooseBeside: (key: string) => void,
 * }} about rows: how many heads; usual: what is shown of heads where the measure has no heads
 */
export function pictures(page, { rows, usual, onToken, chooseHead, chooseBeside }) {
  const along = alongFigure(page, onToken);
  const strip = headStrip(page, Math.max(200, Math.min(560, 6 * rows + 44)), { onToken, chooseHead, chooseBeside });
  const calls = callers();
  const element = el('div', { class: 'block later', hidden: true }, along.element, strip.element, calls.element);
  return {
    element,
    /** @param {import('./along.js').Shown} shown */
    async show(shown) {
      element.hidden = false;
      calls.show(shown);
      await Promise.all([along.show(shown), strip.show({ ...shown, measure: shown.measure === 'bits' ? usual : shown.measure })]);
      await Promise.all([along.drawn, strip.drawn]);
    },
    /** @param {number} token @param {number} count */
    cursor(token, count) {
      along.cursor(token, count);
      strip.cursor(token, count);
    },
  };
}
