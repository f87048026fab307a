import * as api from '../../api.js';
import { format } from '../../address.js';
import { el, factList } from '../../parts/dom.js';
import { age, amount, bits, compact, count, duration } from '../../words.js';
import { confirmDeletion } from './delete.js';
import { written } from './settings.js';
import { budgetOf, partDone, stateName, standing, unitsOf } from './words.js';

/**
 * The chosen run's panel: its title and note, to be changed in place; what it does, and what one can tell it.
 * @param {Frame} frame
 * @param {RunDetail} detail
 * @param {import('./run.js').Around} around
 */
export function aboutRun(frame, detail, around) {
  const { name, config, shelf } = detail;
  const fixed = shelf || around.readOnly;
  let run = /** @type {Run} */ (detail);

  const title = el('textarea', {
    class: 'inplace title', rows: 1, maxlength: 200, 'aria-label': 'Title', placeholder: name, onkeydown: leaveOnEnter,
    onchange: () => describe({ title: title.value.replace(/\s+/g, ' ').trim() }),
  });
  const note = el('textarea', { class: 'inplace', rows: 1, maxlength: 10000, 'aria-label': 'Note', placeholder: 'a note', onchange: () => describe({ note: note.value }) });
  title.readOnly = note.readOnly = fixed;
  const line = el('p', { class: 'note', id: 'run-state' });
  const announced = el('p', { class: 'hidden', role: 'status' });
  const bar = el('progress', { max: 1, 'aria-label': 'progress' });
  const stop = el('button', { type: 'button', class: 'action', onclick: () => tell('stop') }, 'Stop');
  const resume = el('button', { type: 'button', class: 'action', onclick: () => tell('resume') }, 'Resume');
  const archive = el('button', { type: 'button', class: 'link', onclick: () => describe({ archived: !run.archived }) });
  const removal = confirmDeletion(name, { remove, complain: frame.complain });
  const deletion = el('button', { type: 'button', class: 'link', onclick: removal.open }, 'Delete…');
  const latest = el('a', { class: 'link', onclick: follow }, 'Open its latest checkpoint in Spans');
  const facts = el('div');

  /** @param {KeyboardEvent} event */
  function leaveOnEnter(event) {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    title.blur();
  }

  /** @param {MouseEvent} event */
  function follow(event) {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    frame.go('spans', { checkpoint: run.checkpoints[0], head: undefined });
  }

  /** @param {Run} next */
  function took(next) {
    around.changed(next);
    return around.listAgain();
  }

  /** @param {{ title?: string, note?: string, archived?: boolean }} changes */
  const describe = (changes) => api.describeRun(name, changes).then(took).catch(frame.complain);

  /** @param {'stop' | 'resume'} what */
  async function tell(what) {
    frame.calm();
    stop.disabled = resume.disabled = true;
    await api.tellRun(name, what).then(took).catch(frame.complain);
    stop.disabled = resume.disabled = false;
  }

  /** @param {string} repeated */
  async function remove(repeated) {
    await api.deleteRun(name, repeated);
    await around.listAgain('');
  }

  /** @param {Run} next */
  function show(next) {
    if (next.state !== run.state) announced.textContent = `${next.title || name}: ${stateName(next)}`;
    run = next;
    if (document.activeElement !== title) title.value = run.title;
    if (document.activeElement !== note) note.value = run.note;
    const { state } = run;
    line.textContent = standing(run);
    line.classList.toggle('wrong', state === 'failed' || state === 'unreadable');
    bar.hidden = shelf || state === 'ended' || state === 'unreadable';
    bar.value = partDone(run);
    stop.hidden = fixed || !['training', 'paused', 'queued', 'interrupted'].includes(state);
    resume.hidden = fixed || run.imported || !['stopped', 'failed'].includes(state);
    archive.hidden = fixed;
    archive.textContent = run.archived ? 'Take out of the archive' : 'Archive';
    deletion.hidden = fixed || ['training', 'paused', 'stopping'].includes(state);
    latest.hidden = run.checkpoints.length === 0;
    if (run.checkpoints.length) latest.href = format('spans', { checkpoint: run.checkpoints[0] });
    facts.replaceChildren(factList(factsOf(run, config)));
  }
  note.hidden = fixed && !detail.note;
  show(detail);

  return {
    elements: [title, note, line, bar, el('div', { class: 'controls' }, stop, resume), latest, facts, el('div', { class: 'controls' }, archive, deletion), removal.element, announced],
    show,
  };
}

/** @param {Run} run @param {RunConfig | null} config @returns {Record<string, string>} */
function factsOf(run, config) {
  const units = unitsOf(run);
  const model = config?.model;
  const penalty = config?.training.span_penalty;
  return {
    name: run.name,
    ...(run.variant ? { variant: run.variant, corpus: run.corpus ?? '–' } : {}),
    ...(model ? { 'layers × heads': `${model.layers} × ${model.heads}`, 'D, FF': `${count(model.hidden)}, ${count(model.inner)}`, 'span limit S': `${count(model.span_limit)} ${units}` } : {}),
    ...(run.trim ? { 'trimmed from': run.trim.parent, budget: budgetOf(run.trim) } : {}),
    ...(penalty !== undefined && run.variant !== 'fixed' && !run.trim ? { 'penalty λ': written(penalty) } : {}),
    [`bits a ${units.slice(0, -1)}`]: bits(run.bpc),
    ...(run.mean_span === null ? {} : { 'mean span': `${amount(run.mean_span)} ${units}` }),
    ...(run.tokens_total ? { read: `${compact(run.tokens ?? 0)} of ${compact(run.tokens_total)} ${units}` } : {}),
    ...(run.seconds && !run.trim ? { 'spent in steps': duration(run.seconds) } : {}),
    ...(run.created && !run.shelf ? { created: age(run.created) } : {}),
    checkpoints: count(run.checkpoints.length),
  };
}
