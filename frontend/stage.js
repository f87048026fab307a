/** What stands under the header: a skeleton, a view, or why there is none. */

import { byId, el } from './parts/dom.js';

/** So long an old view stays before a skeleton takes its place. */
const patience = 150;

const root = document.documentElement;
const place = byId('view', HTMLElement);
const skeleton = [...place.childNodes].map((node) => node.cloneNode(true));
let timer = 0;
let focused = false;

/** Another checkpoint's picture stays, faint, until its own comes; another view begins with a skeleton. @param {ViewName} view */
export function wait(view) {
  const same = root.dataset.view === view;
  root.dataset.view = view;
  root.dataset.ready = 'false';
  focused ||= place.contains(document.activeElement);
  place.inert = true;
  place.ariaBusy = 'true';
  place.classList.toggle('waiting', same);
  clearTimeout(timer);
  if (!same) timer = setTimeout(() => place.replaceChildren(...skeleton.map((node) => node.cloneNode(true))), patience);
}

/** Who was in the old view finds themselves at the headline of the new one. @param {HTMLElement} element */
export function show(element) {
  clearTimeout(timer);
  place.replaceChildren(element);
  place.inert = false;
  place.ariaBusy = 'false';
  place.classList.remove('waiting');
  if (focused) document.getElementById('headline')?.focus({ preventScroll: true });
  focused = false;
}

/**
 * A question that comes before everything else: it stands in the place of the view, whatever that does meanwhile.
 * @param {...HTMLElement} question
 * @returns {() => void} lets the view back
 */
export function ask(...question) {
  const asked = el('main', { class: 'empty' }, ...question);
  place.hidden = true;
  place.after(asked);
  return () => {
    asked.remove();
    place.hidden = false;
    const headline = document.getElementById('headline');
    if (headline) headline.focus({ preventScroll: true });
    else focused = true;
  };
}

export const ready = () => { root.dataset.ready = 'true'; };

/**
 * A message in the place of a view, and what one can do.
 * @param {string} headline
 * @param {string} words
 * @param {...HTMLElement} remedies
 */
export const instead = (headline, words, ...remedies) =>
  el('div', { class: 'empty' }, el('h1', { id: 'headline', tabindex: '-1' }, headline), el('p', { class: 'soft' }, words), ...remedies);

/** @param {string} name @param {() => void} act */
export const remedy = (name, act) => el('button', { type: 'button', class: 'action', onclick: act }, name);
