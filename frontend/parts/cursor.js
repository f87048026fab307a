import { el } from './dom.js';
import { margin } from './figure.js';

/** The place in the text, as a line over a figure: moved by style alone, so that hovering stays cheap. @param {number} plotHeight */
export function cursorLine(plotHeight) {
  const element = el('div', { class: 'cursor', hidden: true, style: `top:${margin.t}px;height:${plotHeight - margin.t - margin.b}px` });
  return {
    element,
    /** @param {number} token @param {number} count */
    move(token, count) {
      element.hidden = token < 0;
      const part = (token + 0.5) / count;
      element.style.left = `calc(${margin.l}px + (100% - ${margin.l + margin.r}px) * ${part})`;
    },
  };
}
