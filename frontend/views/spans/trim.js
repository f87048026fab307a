import * as api from '../../api.js';
import { format } from '../../address.js';
import { el } from '../../parts/dom.js';
import { segments } from '../../parts/segments.js';
import { bits, duration, share } from '../../words.js';
import { isLive } from '../training/words.js';

/** @type {Record<TrimKind, { name: string, label: (unit: string) => string, value: string }>} what a trim may come to, and a usual value */
const kinds = {
  bpc: { name: 'bits', label: (unit) => `bits a ${unit} to lose, at most`, value: '0.01' },
  flops: { name: 'FLOPs', label: () => 'share of the attention’s FLOPs to leave', value: '0.5' },
  cache: { name: 'cache', label: () => 'share of the cache to leave', value: '0.5' },
};

/**
 * How short can all spans be before it hurts? A trainer finds that out; the result opens beside its parent.
 * @param {Page} page
 * @param {string} unit
 * @param {{ measured: () => void }} listeners is told when more is known of what heads need
 */
export function trimSection(page, unit, { measured }) {
  const { id } = page.checkpoint;
  /** @type {TrimKind} */
  let kind = 'bpc';
  /** @type {EventSource | undefined} */
  let stream;
  let run = '';

  const choice = segments('budget', (value) => choose(/** @type {TrimKind} */ (value)));
  const most = el('input', { type: 'text', id: 'trim-most', inputmode: 'decimal', autocomplete: 'off' });
  const label = el('label', { for: 'trim-most' });
  const start = el('button', { type: 'submit', class: 'action' }, 'Start');
  const cancel = el('button', { type: 'button', class: 'quiet', onclick: () => { api.tellRun(run, 'stop').catch(page.complain); } }, 'Cancel');
  const bar = el('progress', { max: 1, 'aria-label': 'progress of the trim' });
  const line = el('p', { class: 'note', role: 'status' });
  const wrong = el('p', { class: 'note wrong', role: 'alert' });
  const form = el('form', { class: 'trim', novalidate: true, onsubmit: submit }, choice.element, label, most, start);
  const element = el('details', { id: 'trim', ontoggle: look }, el('summary', {}, 'Trim…'),
    el('p', { class: 'note' }, 'Finds the spans of all heads that cost least for the bits they lose, and makes a checkpoint of them.'),
    form, bar, line, wrong, cancel);

  /** @param {TrimKind} next */
  function choose(next) {
    kind = next;
    choice.show(Object.fromEntries(Object.entries(kinds).map(([key, { name }]) => [key, name])), kind);
    label.textContent = kinds[kind].label(unit);
    most.value = kinds[kind].value;
  }

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    wrong.textContent = '';
    start.disabled = true;
    try {
      const { name } = await api.startTrim(id, { kind, most: Number(most.value || NaN) });
      watch(name, (await api.runs()).trainer);
    } catch (error) {
      wrong.textContent = error instanceof Error ? error.message : String(error);
    }
    start.disabled = false;
  }

  /** What is already at work on this checkpoint is shown as it is. */
  async function look() {
    if (!element.open || stream) return;
    const [{ trainer, items }, { read_only: readOnly }] = await Promise.all([api.runs(), api.session()]);
    form.hidden = readOnly;
    if (readOnly) line.replaceChildren('This service is read-only: ', el('code', {}, 'spanscope trim'), ' does this elsewhere.');
    const own = items.find((item) => item.trim?.parent === id && isLive(item));
    if (own) watch(own.name, trainer, own);
  }

  /** @param {string} name @param {boolean} trainer whether one is at work @param {Run} [first] */
  function watch(name, trainer, first) {
    run = name;
    const source = stream = api.events(name);
    if (first) show(first, trainer);
    source.addEventListener('run', ({ data }) => show(JSON.parse(data), trainer));
    source.addEventListener('end', ({ data }) => {
      source.close();
      stream = undefined;
      show(JSON.parse(data), trainer);
      measured();
    });
  }
  page.signal.addEventListener('abort', () => stream?.close());

  /** @param {Run} item @param {boolean} trainer */
  function show(item, trainer) {
    const live = isLive(item);
    const done = item.trim?.share ?? null;
    form.hidden = live;
    cancel.hidden = !live || item.state === 'stopping';
    bar.hidden = !live || done === null;
    bar.value = done ?? 0;
    line.replaceChildren(...words(item, trainer));
  }

  /** @param {Run} item @param {boolean} trainer @returns {(string | Node)[]} */
  function words({ state, detail, trim, seconds_left: left, bpc, mean_span: span, checkpoints }, trainer) {
    if (state === 'ended') {
      const open = { ids: `${id},${checkpoints[0]}` };
      const link = el('a', { class: 'link', href: format('compare', open), onclick: (/** @type {MouseEvent} */ event) => {
        if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        page.go('compare', open);
      } }, 'Open it in Compare');
      return [`${checkpoints[0]}: ${bits(bpc)} bits a ${unit}, mean span ${Math.round(span ?? NaN)}. `, link];
    }
    if (state === 'failed') return [`It failed: ${detail}.`];
    if (state === 'stopped') return ['Stopped; what was measured is kept, and starting again goes on from there.'];
    if (state === 'stopping') return ['Stopping…'];
    if (trim?.doing) return [`${trim.doing}, ${share(trim.share ?? NaN)}${left === null ? '' : `, about ${duration(left)} left`}`];
    if (trainer) return ['It waits for the trainer.'];
    return ['It waits for a trainer, and none is at work here. Start one with ', el('code', {}, 'spanscope trainer'), '.'];
  }

  choose(kind);
  bar.hidden = cancel.hidden = true;
  return { element };
}
