import { el } from '../../parts/dom.js';
import { count } from '../../words.js';

/**
 * A slider over a list of values, the least first, that says what it stands at.
 * @param {{ id: string, name: string, live: (value: number) => void, written?: (value: number) => string }} about
 */
export function slider({ id, name, live, written = count }) {
  let values = [0];
  const input = el('input', { id, type: 'range', min: 0, step: 1, oninput: () => { say(); live(values[Number(input.value)]); } });
  const output = el('span', { class: 'value', 'aria-hidden': 'true' }); // the slider itself says it to a screen reader

  function say() {
    output.textContent = written(values[Number(input.value)]);
    input.setAttribute('aria-valuetext', output.textContent);
  }

  return {
    element: el('div', { class: 'slider' }, el('label', { for: id }, name), output, input),
    /** @param {number[]} list @param {number} value the nearest of the list is taken */
    show(list, value) {
      values = list;
      input.max = String(list.length - 1);
      input.value = String(nearest(list, value));
      say();
    },
  };
}

/** @param {number[]} list @param {number} value the place of the nearest value */
export const nearest = (list, value) => list.reduce((best, other, i) => (Math.abs(other - value) < Math.abs(list[best] - value) ? i : best), 0);

/** Whole numbers, both ends included. @param {number} first @param {number} last */
export const wholes = (first, last) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** 1, 2, 4 … and one's own number among them. @param {number} first @param {number} last @param {number} own */
export const doublings = (first, last, own) => {
  const powers = [];
  for (let power = first; power <= last; power *= 2) powers.push(power);
  return [...new Set([...powers, own])].toSorted((a, b) => a - b);
};
