/** What the page shows is its address: the path names the view, the fragment its choices. */

import { isView } from './views.js';

/** @returns {{ view: ViewName, choices: Choices }} */
export function read() {
  const name = location.pathname.slice(1);
  return {
    view: isView(name) ? name : 'spans',
    choices: Object.fromEntries(new URLSearchParams(location.hash.slice(1).replaceAll('+', '%2B'))),
  };
}

/**
 * @param {ViewName} view
 * @param {Choices} choices
 */
export function format(view, choices) {
  const pairs = Object.entries(choices)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed()).replace(/%(?:40|3A|2C)/g, decodeURIComponent)}`);
  return `/${view}${pairs.length ? '#' : ''}${pairs.join('&')}`;
}

/**
 * @param {ViewName} view
 * @param {Choices} choices
 * @param {{ push: boolean }} how a new view is a step back to, a choice is not
 */
export function write(view, choices, { push }) {
  const address = format(view, choices);
  if (push) history.pushState(null, '', address);
  else history.replaceState(null, '', address);
}
