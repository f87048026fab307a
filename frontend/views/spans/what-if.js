import { el, factList } from '../../parts/dom.js';
import { logSteps } from '../../parts/scale.js';
import { amount, bitsChange, change, count, headKey, headName } from '../../words.js';
import { verdict } from './words.js';

/**
 * @typedef {{
 *   cut: (head: { layer: number, head: number }, span?: number) => void, keep: () => void, reset: () => void, ready: () => void,
 * }} Cutting what the slider does: cut for now, keep it in the address, forget all, and make the first answer ready
 */

/**
 * What does it need? A slider cuts the span of the chosen head; what that loses and wins stands under it.
 * @param {Page} page
 * @param {Spans} spans
 * @param {string} unit
 * @param {Cutting} cutting
 */
export function whatIfSection(page, spans, unit, { cut, keep, reset, ready }) {
  let head = spans.heads[0];
  let steps = /** @type {number[]} */ ([]);
  const slider = el('input', {
    type: 'range', id: 'cut-span', min: 0, step: 1,
    oninput: () => cut(head, slider.value === slider.max ? undefined : steps[Number(slider.value)]),
    onchange: keep,
    onpointerdown: ready, onfocus: ready,
  });
  const facts = el('div');
  const words = el('p', { class: 'note', role: 'status' });
  const trouble = el('p', { class: 'note wrong', role: 'status' });
  const list = el('ul', { class: 'cuts' });
  const all = el('button', { type: 'button', class: 'quiet', onclick: reset }, 'reset');
  const unreadable = page.checkpoint.alphabet === 'unknown';

  /** @param {Cut} one */
  const item = (one) => el('li', {},
    el('button', { type: 'button', class: 'quiet', onclick: () => page.choose({ head: headKey(one) }) }, headName(one)),
    ` ${count(one.span)} `,
    el('button', { type: 'button', class: 'quiet', 'aria-label': `Give ${headName(one)} its span back`, onclick: () => { cut(one); keep(); } }, '×'));

  return {
    element: el('section', { id: 'what-if' },
      el('div', { class: 'bar' }, el('h2', {}, 'What if it saw less?'), el('span', { class: 'links' }, all)),
      unreadable ? el('p', { class: 'note' }, 'Its symbols have no names, so no text can tell what a shorter span would lose.') : el('div', {}, slider, facts, words, trouble, list)),

    /** @param {import('./figure.js').Shown} shown */
    show({ chosen, cuts, answer }) {
      head = chosen.uncut ?? chosen;
      const most = spans.variant === 'dynamic' ? spans.span_limit : head.span;
      const own = cuts.find((one) => headKey(one) === headKey(chosen));
      steps = logSteps(most, 1.06);
      slider.max = String(steps.length - 1);
      slider.value = String(own ? nearest(steps, own.span) : steps.length - 1);
      slider.setAttribute('aria-label', `Cut the span of ${headName(chosen)}`);
      slider.setAttribute('aria-valuetext', own ? `${own.span} ${unit}s` : `not cut, ${amount(head.span)} ${unit}s`);
      facts.replaceChildren(factList({
        'span cut to': own ? `${count(own.span)} of ${amount(most)}` : 'not cut',
        [`bits per ${unit}`]: answer ? bitsChange(answer) : cuts.length ? '…' : '–',
        'FLOPs a token': answer ? change(answer.flops) : cuts.length ? '…' : '–',
        cache: answer ? change(answer.cache_bytes) : cuts.length ? '…' : '–',
      }));
      words.textContent = answer ? `${verdict(answer, unit)}${cuts.length > 1 ? ' All cuts together:' : ''}` : cuts.length ? 'Reading held-out text…' : 'Drag it: a held-out text is read with the shorter span.';
      list.replaceChildren(...(cuts.length > 1 || (cuts.length && !own) ? cuts.map(item) : []));
      all.hidden = !cuts.length;
    },

    /** What went wrong; nothing when it is right again. @param {string} message */
    say(message) {
      trouble.textContent = message;
      if (message) words.textContent = '';
    },
  };
}

/** @param {number[]} steps @param {number} span */
function nearest(steps, span) {
  const above = steps.findIndex((step) => step >= span);
  return above < 0 ? steps.length - 1 : above;
}
