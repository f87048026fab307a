import { el } from '../../parts/dom.js';
import { amount, bits, count, duration } from '../../words.js';
import { partDone, readOnlyLine, stateName } from './words.js';

const columns = ['run', 'state', 'step', 'bpc', 'mean span', 'tokens a second', 'time left'];

/**
 * All runs, a row each; rows stay while their numbers change, so that nobody loses their place.
 * @param {{ choose: (name: string) => void, begin: () => void, readOnly: boolean }} about
 */
export function runList({ choose, begin, readOnly }) {
  /** @type {Map<string, ReturnType<typeof rowOf>>} */
  const rows = new Map();
  const waits = el('p', { class: 'note', role: 'status' });
  const own = el('div', { class: 'hint' },
    el('p', { class: 'note' }, 'No run of yours is here. Begin one with the button above, or from a terminal; a model that the paper’s own code trained can be brought along:'),
    el('pre', {}, 'spanscope train first --preset quick\nspanscope import FILE.pt --output runs/NAME'));
  const [open, archived] = [tableOf('Runs'), tableOf('Archived runs')];
  const summary = el('summary', { class: 'soft' });
  const folded = el('details', {}, summary, archived.element);

  /** @param {string} name */
  function rowFor(name) {
    const known = rows.get(name) ?? rowOf(name, choose);
    rows.set(name, known);
    return known;
  }

  return {
    element: el('section', { id: 'runs' },
      el('div', { class: 'bar' }, el('h2', {}, 'Runs'), readOnly ? el('p', { class: 'note' }, readOnlyLine) : el('button', { type: 'button', class: 'action', onclick: begin }, 'New run')),
      waits, el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'List of runs' }, open.element), folded, own),
    /** @param {Runs} runs @param {string} chosen */
    show({ trainer, items }, chosen) {
      const sorted = items.toSorted((a, b) => Number(a.shelf) - Number(b.shelf) || (b.created ?? '').localeCompare(a.created ?? ''));
      for (const item of sorted) rowFor(item.name).show(item, item.name === chosen);
      const elements = (/** @type {boolean} */ put) => sorted.filter((item) => item.archived === put).map(({ name }) => rowFor(name).element);
      open.fill(elements(false));
      archived.fill(elements(true));
      const away = items.filter((item) => item.archived).length;
      folded.hidden = away === 0;
      summary.textContent = `${away} archived`;
      own.hidden = readOnly || items.some(({ shelf }) => !shelf);
      const waiting = items.filter(({ state }) => state === 'queued' || state === 'interrupted').length;
      const line = trainer || !waiting ? '' : `${waiting === 1 ? 'One run waits' : `${waiting} runs wait`} for a trainer, and none is at work here. Start one with `;
      if (waits.dataset.line !== line) waits.replaceChildren(line, ...(line ? [el('code', {}, 'spanscope trainer'), '.'] : []));
      waits.dataset.line = line;
    },
  };
}

/** @param {string} label */
function tableOf(label) {
  const body = el('tbody', { role: 'rowgroup' });
  return {
    // the roles stand here since the rows become cards on a narrow page, where styles would take them away
    element: el('table', { role: 'table', 'aria-label': label },
      el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, ...columns.map((name) => el('th', { role: 'columnheader', scope: 'col' }, name)))), body),
    /** @param {HTMLElement[]} rows */
    fill(rows) {
      if (rows.length !== body.children.length || rows.some((row, i) => row !== body.children[i])) body.replaceChildren(...rows);
    },
  };
}

/**
 * @param {string} name
 * @param {(name: string) => void} choose
 */
function rowOf(name, choose) {
  const button = el('button', { type: 'button', class: 'quiet' });
  const why = el('span', { class: 'why' });
  const state = el('span');
  const bar = el('progress', { max: 1, 'aria-label': `progress of ${name}` });
  const [step, bpc, span, rate, left] = columns.slice(2).map((column) => el('td', { role: 'cell', 'data-name': column }));
  const element = el('tr', { role: 'row', 'data-run': name, onclick: () => choose(name) },
    el('th', { role: 'rowheader', scope: 'row' }, button, why), el('td', { role: 'cell', class: 'state' }, state, bar), step, bpc, span, rate, left);
  return {
    element,
    /** @param {Run} run @param {boolean} chosen */
    show(run, chosen) {
      if (chosen) element.setAttribute('aria-current', 'true');
      else element.removeAttribute('aria-current');
      button.className = `quiet variant ${run.variant ?? ''}`;
      button.textContent = run.title || run.name;
      button.title = run.name;
      why.textContent = run.detail;
      why.title = run.detail;
      state.textContent = run.shelf ? 'ships' : run.imported ? 'imported' : stateName(run);
      bar.hidden = run.state === 'ended' || run.state === 'unreadable';
      bar.value = partDone(run);
      step.textContent = run.trim ? '' : count(run.step);
      bpc.textContent = bits(run.bpc);
      span.textContent = run.mean_span === null ? '–' : amount(run.mean_span);
      rate.textContent = run.tokens_per_second === null ? '' : count(run.tokens_per_second);
      left.textContent = run.seconds_left === null ? '' : duration(run.seconds_left);
    },
  };
}
