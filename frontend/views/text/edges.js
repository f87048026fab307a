import { el } from '../../parts/dom.js';
import { share } from '../../words.js';

const least = 0.005;

/** Names, at the upper and the lower edge of the text, what of the weight lies beyond the lines in sight. @param {HTMLElement} text */
export function edges(text) {
  let jump = (/** @type {'above' | 'below'} */ _way) => {};
  const edge = (/** @type {'above' | 'below'} */ way) => el('button', { type: 'button', class: `edge ${way}`, hidden: true, onclick: () => jump(way) });
  const buttons = { above: edge('above'), below: edge('below') };
  return {
    element: el('div', { class: 'sight' }, text, buttons.above, buttons.below),
    /**
     * @param {{ above: number, below: number, all: number }[]} parts of each ray
     * @param {(way: 'above' | 'below') => void} bring
     */
    show(parts, bring) {
      jump = bring;
      for (const [way, words] of /** @type {const} */ ([['above', '↑ $ further up'], ['below', '↓ $ further down']])) {
        const shares = parts.map((part) => part[way] / (part.all || 1));
        buttons[way].hidden = !shares.some((part) => part >= least);
        buttons[way].textContent = words.replace('$', `${shares.map(share).join(' and ')} of the weight ${shares.length > 1 ? 'lie' : 'lies'}`) + ': jump';
      }
    },
    clear() {
      for (const button of Object.values(buttons)) button.hidden = true;
    },
  };
}
