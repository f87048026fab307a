import { el } from '../../parts/dom.js';
import { headName } from '../../words.js';
import { meanOf } from './reading.js';

const digits = new Intl.NumberFormat('en', { maximumFractionDigits: 3, minimumFractionDigits: 3, signDisplay: 'exceptZero' });

/** Says that the text is read with heads cut, and what that costs. @param {Page} page @param {string} unit */
export function whatIfLine(page, unit) {
  const words = el('span');
  const element = el('p', { class: 'what-if', id: 'text-what-if', role: 'status', hidden: true }, words, ' ',
    el('button', { type: 'button', class: 'link', onclick: () => page.choose({ cuts: undefined }) }, 'undo'));
  return {
    element,
    /** @param {Cut[]} cuts @param {Float32Array} [cut] bits of each token @param {Float32Array} [uncut] the same as the model is */
    show(cuts, cut, uncut) {
      element.hidden = !cuts.length;
      const heads = cuts.map((head) => `${headName(head)} cut to ${head.span}`).join(', ');
      const cost = cut && uncut && cut.length === uncut.length ? `${digits.format(meanOf(cut) - meanOf(uncut))} bits a ${unit}` : '…';
      words.textContent = `read with ${heads}: ${cost};`;
    },
  };
}
