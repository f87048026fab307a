/** What the page has to tell beside its pictures: what went wrong, and that the service is away. */

import { Problem } from './api.js';
import { byId, el } from './parts/dom.js';
import { lookNow, onService } from './service.js';

const trouble = byId('trouble', HTMLElement);
const away = byId('away', HTMLElement);

/** @param {unknown} error */
export function complain(error) {
  if (error instanceof DOMException && error.name === 'AbortError') return;
  trouble.replaceChildren(wordsOf(error), ' ', el('button', { type: 'button', class: 'link', onclick: calm }, 'Close'));
}

export const calm = () => trouble.replaceChildren();

/** @param {unknown} error what is meant for people is as it is; what is not is a fault of the page */
export function wordsOf(error) {
  if (error instanceof Problem || (error instanceof Error && error.constructor === Error)) return error.message;
  return `Something in this page went wrong (${error instanceof Error ? error.message : error}). Reload it to go on.`;
}

onService((lost) => {
  away.replaceChildren(...(lost ? ['The service does not answer; trying again… ', el('button', { type: 'button', class: 'link', onclick: lookNow }, 'now')] : []));
});
addEventListener('unhandledrejection', ({ reason }) => complain(reason));
