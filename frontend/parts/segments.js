import { el } from './dom.js';

/**
 * A few choices side by side, one of them on.
 * @param {string} legend
 * @param {(value: string) => void} choose
 */
export function segments(legend, choose) {
  const element = el('fieldset', { class: 'segments' });
  return {
    element,
    /** @param {Record<string, string>} options value: what it is called @param {string} chosen */
    show(options, chosen) {
      const radios = [...element.querySelectorAll('input')];
      if (radios.map(({ value }) => value).join() === Object.keys(options).join()) {
        radios.forEach((radio) => {
          radio.checked = radio.value === chosen;
          if (radio.nextSibling) radio.nextSibling.textContent = options[radio.value];
        });
        return;
      }
      element.replaceChildren(el('legend', { class: 'hidden' }, legend), ...Object.entries(options).map(([value, name]) =>
        el('label', {}, el('input', { type: 'radio', name: legend, value, checked: value === chosen, onchange: () => choose(value) }), name)));
    },
  };
}
