import { bars } from '../../parts/bars.js';
import { el } from '../../parts/dom.js';
import { segments } from '../../parts/segments.js';
import { count, headKey, headName, share } from '../../words.js';
import { visible, wordAround } from '../../parts/kinds.js';
import { rayColours } from './rays.js';

const mostListed = 5;
export const usualShare = 90;

/**
 * How a head's attention is shown: which way, how much of it, beside which other head; and what it comes to, in words.
 * @param {Page} page
 * @param {{ heads: { layer: number, head: number }[], onShare: (percent: number) => void, onLock: () => void, chooseBeside: (key: string) => void }} about
 */
export function looking(page, { heads, onShare, onLock, chooseBeside }) {
  const way = segments('way', (value) => page.choose({ way: value }));
  const percent = el('output');
  const slider = el('input', {
    type: 'range', min: 10, max: 100, step: 5, 'aria-label': 'Share of the weight that the characters shown hold, percent',
    oninput: () => { name(); onShare(Number(slider.value)); }, onchange: () => page.choose({ share: slider.value }),
  });
  const beside = el('select', { onchange: () => chooseBeside(beside.value) },
    el('option', { value: '' }, 'none'), ...heads.map((head) => el('option', { value: headKey(head) }, headName(head))));
  const lock = el('button', { type: 'button', class: 'link', id: 'text-lock', onclick: onLock });
  const lines = el('div', { class: 'rays', id: 'text-rays' });
  const lists = el('section', { class: 'ray-lists' });

  function name() {
    percent.textContent = `${slider.value}%`;
  }

  /** @param {import('./rays.js').Ray} ray @param {import('./reading.js').Reading} reading */
  function words({ index, head, way: now, spread, shown }, { characters }) {
    const who = `“${visible(characters[index])}”`;
    const some = `${count(shown.length)} character${shown.length === 1 ? '' : 's'}`;
    if (spread.missing && !spread.total) return `${headName(head)} at ${who}: …`;
    const held = `${share(Number(slider.value) / 100)} of`;
    if (now === 'readers') {
      return spread.total ? `${headName(head)}: ${some} give ${held} the attention that ${who} gets` : `${headName(head)}: nobody after ${who} reads it`;
    }
    const outside = spread.outside > 0.0005 ? `; ${share(spread.outside)} falls outside, before the text` : '';
    return spread.total > 0.0005 ? `${headName(head)}: ${who} reads ${some} for ${held} its attention in the text${outside}` : `${headName(head)}: ${who} reads nothing in the text${outside}`;
  }

  /** @param {import('./rays.js').Ray} ray @param {number} i @param {import('./reading.js').Reading} reading */
  function list({ index, head, way: now, spread, shown }, i, reading) {
    const { characters, firstToken } = reading;
    const title = `“${visible(characters[index])}” ${now === 'reads' ? 'reads' : 'is read by'} · ${headName(head)}`;
    return [el('h3', {}, title, swatch(i)), bars(title, shown.slice(0, mostListed).map((at) => {
      const word = wordAround(characters, at);
      const apart = Math.abs(firstToken[index] - firstToken[at]);
      return { name: `“${visible(characters[at])}”${word.length > 1 ? ` of ${word}` : ''}`, value: spread.weights[at], text: `${share(spread.weights[at])}, ${count(apart)} ${now === 'reads' ? 'back' : 'on'}` };
    }))];
  }

  return {
    controls: el('div', { class: 'controls' },
      way.element,
      el('label', { class: 'slide' }, 'fewest characters that hold ', slider, ' ', percent),
      el('label', {}, 'beside ', beside), lock),
    lines,
    lists,
    /** @param {import('./choices.js').Chosen} chosen */
    choose({ way: now, share: part, beside: second, chosen }) {
      way.show({ reads: '← reads', readers: 'read by →' }, now);
      slider.value = String(part);
      name();
      beside.value = second ? headKey(second) : '';
      beside.title = `a second head, beside ${headName(chosen)}`;
    },
    /** @param {import('./rays.js').Ray[]} rays @param {import('./reading.js').Reading | undefined} reading @param {boolean} held */
    show(rays, reading, held) {
      lock.textContent = held ? 'free (Esc)' : 'lock here';
      lock.setAttribute('aria-pressed', String(held));
      lock.hidden = !rays.length;
      lines.replaceChildren(...(reading ? rays.map((ray, i) =>
        el('p', {}, swatch(i), words(ray, reading))) : []));
      lists.replaceChildren(...(reading ? rays.filter(({ shown }) => shown.length).flatMap((ray, i) => list(ray, i, reading)) : []));
    },
  };
}

/** @param {number} i */
const swatch = (i) => el('span', { class: 'ray-mark', style: `background:${rayColours[i]}` });
