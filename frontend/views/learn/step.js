import * as address from '../../address.js';
import { el } from '../../parts/dom.js';
import { entryOf, isView } from '../../views.js';
import { headKey, headName } from '../../words.js';

/**
 * What the steps are told with.
 * @typedef {{
 *   page: Page, checkpoint: CheckpointDetail, uses: HeadUses, statistics: Statistics, unit: string,
 *   live: (changes: Choices) => void, headOf: (choices: Choices) => HeadUse,
 * }} Story
 * @typedef {{ element: HTMLElement, drawn: Promise<unknown>, keys: (keyof Choices)[], show: (choices: Choices) => void }} Step
 */

/**
 * One step of the story, numbered by its place: what it is about, what one can move, what comes of it, and where that is seen on a whole model.
 * @param {{ title: string, words: Node[], controls: Node[], said: HTMLElement, onward: HTMLElement, picture: Node }} about
 */
export const stepSection = ({ title, words, controls, said, onward, picture }) =>
  el('section', { class: 'step' },
    el('div', { class: 'telling' }, el('h2', {}, title), ...words, el('div', { class: 'sliders' }, ...controls), said, onward),
    el('div', { class: 'showing' }, picture));

/** What comes of the sliders, read out when it changes. */
export const saying = () => el('p', { class: 'said', role: 'status' });

/** A paragraph or a formula. @param {string} markup written in these modules, never data */
export function told(markup, kind = 'p') {
  const template = document.createElement('template');
  template.innerHTML = kind === 'p' ? `<p>${markup}</p>` : `<p class="${kind}">${markup}</p>`;
  return template.content;
}

/**
 * A link into another view, to the first of those named that there is.
 * @param {Page} page
 * @param {string} words
 * @param {string[]} names
 * @param {Choices} [choices]
 */
export function onwardTo(page, words, names, choices = {}) {
  const view = names.find(isView) ?? 'spans';
  const own = entryOf(view).free ? {} : { checkpoint: page.checkpoint.id };
  return el('a', {
    class: 'onward', href: address.format(view, { ...own, ...choices }),
    onclick: (/** @type {MouseEvent} */ event) => {
      if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      page.go(view, choices);
    },
  }, `${words} →`);
}

/** A choice among all heads, for the steps that look at one. @param {Story} story */
export function headChoice({ page, uses }) {
  const select = el('select', { onchange: () => page.choose({ head: select.value }) },
    ...uses.heads.map((head) => el('option', { value: headKey(head) }, headName(head))));
  return { element: el('label', { class: 'head-choice' }, 'head ', select), show: (/** @type {HeadUse} */ head) => { select.value = headKey(head); } };
}

/** @param {string | undefined} written a number in the address @param {number} usual @param {number} [least] @param {number} [most] */
export function numberOf(written, usual, least = -Infinity, most = Infinity) {
  const value = written === undefined || written === '' ? NaN : Number(written);
  return Math.min(most, Math.max(least, Number.isFinite(value) ? value : usual));
}
