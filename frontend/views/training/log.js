import { addressOf } from '../../api.js';
import { el } from '../../parts/dom.js';
import { count } from '../../words.js';
import { eventNames } from './words.js';

/** What happened to a run, the last first. @param {string} name */
export function whatHappened(name) {
  const known = new Set();
  const body = el('tbody');
  const none = el('p', { class: 'note' }, 'Nothing was written down: this run is older than the log, or was trained elsewhere.');
  const table = el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'What happened', hidden: true },
    el('table', {}, el('thead', {}, el('tr', {}, ...['time', 'what', 'step', 'why'].map((column) => el('th', { scope: 'col' }, column)))), body));

  return {
    element: el('section', { class: 'log' },
      el('div', { class: 'bar' }, el('h2', {}, 'What happened'),
        el('span', { class: 'links' }, el('a', { href: `${addressOf(`/runs/${name}/log`)}?format=csv`, download: true }, 'CSV'))),
      none, table),
    /** @param {Happening} happening told twice it is shown once */
    add({ time, event, step, detail }) {
      const key = `${time} ${event} ${step}`;
      if (known.has(key)) return;
      known.add(key);
      none.hidden = true;
      table.hidden = false;
      const date = new Date(time);
      body.prepend(el('tr', {},
        el('td', {}, el('time', { datetime: time, title: time }, date.toLocaleString([], { month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit' }))),
        el('td', {}, eventNames[event] ?? event), el('td', {}, step === null ? '' : count(step)), el('td', {}, detail)));
    },
  };
}
