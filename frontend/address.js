/**
 * What the page shows is its address: the path names the view, the fragment its choices.
 *
 * A choice of another thing to look at is a step that the browser's Back takes back: a view, a checkpoint, a run, the
 * models compared, the form for a new run opened or left. A choice within what is looked at is none, or Back would lead
 * through every arrow key: a head, a moment, what is shown and how, the text as it is typed.
 */

import { isView } from './views.js';

const steps = /** @type {const} */ (['checkpoint', 'run', 'ids']);

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
 * @param {{ step: boolean }} how whether Back comes back from it
 */
export function write(view, choices, { step }) {
  const address = format(view, choices);
  if (step) history.pushState(null, '', address);
  else history.replaceState(history.state, '', address);
}

/** Whether Back should come back from one to the other. @param {Choices} from @param {Choices} to */
export const isStep = (from, to) =>
  steps.some((name) => from[name] !== to[name]) || (from.preset === undefined) !== (to.preset === undefined);

/** Where a page was scrolled to is kept with its address, since it is built anew when one comes back. */
export function keepScroll() {
  history.scrollRestoration = 'manual';
  addEventListener('scrollend', () => history.replaceState({ scroll: scrollY }, ''));
}

export const keptScroll = () => Number(history.state?.scroll ?? 0);
