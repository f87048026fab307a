import * as api from '../api.js';
import { age, amount, bits, checkpointName, count } from '../words.js';
import { again } from './again.js';
import { el } from './dom.js';

const lookAgain = 3000;

/**
 * The checkpoint on show, and a list to choose another: filtered as one types, and renewed as runs go on.
 * @param {HTMLElement} place
 * @param {{
 *   list: () => Promise<Checkpoint[]>, choose: (id: string) => void, complain: (error: unknown) => void,
 *   id?: string, name?: string, none?: string, signal?: AbortSignal,
 * }} page `id` of the list, `name` of what is chosen, and what the button says where nothing is
 */
export function picker(place, { list, choose, complain, id: listId = 'checkpoints', name = 'Checkpoint', none: empty = 'all checkpoints', signal }) {
  /** @type {Checkpoint[]} */
  let all = [];
  /** @type {Checkpoint[]} */
  let found = [];
  /** @type {Map<string, Run>} */
  let training = new Map();
  let active = '';
  let shown = '';
  let written = '';
  let looking = new AbortController();

  const filter = el('input', {
    type: 'text', role: 'combobox', 'aria-label': 'Filter checkpoints', placeholder: 'filter', autocomplete: 'off', spellcheck: 'false',
    'aria-expanded': 'true', 'aria-controls': listId, 'aria-autocomplete': 'list', oninput: () => { fill(); reveal(); }, onkeydown: keys,
  });
  const options = el('ul', { id: listId, role: 'listbox', 'aria-label': 'Checkpoints' });
  const none = el('p', { class: 'soft', role: 'status' });
  const popup = el('div', { class: 'popup', hidden: true }, filter, options, none);
  const button = el('button', { type: 'button', 'aria-haspopup': 'listbox', 'aria-expanded': 'false', onclick: () => (popup.hidden ? open() : close()) }, '…');
  place.append(button, popup);
  signal?.addEventListener('abort', () => looking.abort());
  document.addEventListener('pointerdown', (event) => {
    if (event.target instanceof Node && !place.contains(event.target)) close();
  }, { signal });
  place.addEventListener('focusout', (event) => {
    if (event.relatedTarget instanceof Node && !place.contains(event.relatedTarget)) close();
  });

  function open() {
    popup.hidden = false;
    button.setAttribute('aria-expanded', 'true');
    filter.value = '';
    active = shown;
    filter.focus();
    written = '';
    fill();
    looking = new AbortController();
    look().then(reveal);
    again(look, lookAgain, looking.signal);
  }

  function close() {
    looking.abort();
    popup.hidden = true;
    button.setAttribute('aria-expanded', 'false');
  }

  async function look() {
    const { signal: closed } = looking;
    try {
      const [checkpoints, known] = await Promise.all([list(), api.runs()]);
      if (closed.aborted) return;
      all = checkpoints;
      training = new Map(known.items.filter(({ state }) => state === 'training').map((run) => [run.name, run]));
      fill();
    } catch (error) {
      complain(error);
    }
  }

  function fill() {
    const words = filter.value.toLowerCase().split(/\s+/);
    found = all.filter((checkpoint) => {
      const text = `${checkpointName(checkpoint)} ${checkpoint.variant} ${checkpoint.corpus} ${checkpoint.id}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
    options.hidden = found.length === 0;
    none.textContent = found.length || !all.length ? '' : 'No checkpoint has these words.';
    const lines = found.map((checkpoint) => describe(checkpoint, training.get(runOf(checkpoint))));
    const next = found.map(({ id }, i) => `${id} ${lines[i]}`).join();
    if (next === written) return; // what stands still can be scrolled and clicked
    written = next;
    const { scrollTop } = options;
    options.replaceChildren(...found.map((checkpoint, i) => el('li', {
      role: 'option', id: `${listId}-${i}`, 'aria-selected': String(checkpoint.id === shown), onclick: () => pick(checkpoint),
    }, el('span', { class: `variant ${checkpoint.variant}` }, checkpointName(checkpoint)), el('span', { class: 'soft' }, lines[i]))));
    options.scrollTop = scrollTop;
    activate(Math.max(0, found.findIndex(({ id }) => id === active)));
  }

  /** @param {number} i */
  function activate(i) {
    active = found[i]?.id ?? active;
    [...options.children].forEach((option, at) => option.classList.toggle('active', at === i));
    filter.setAttribute('aria-activedescendant', found.length ? `${listId}-${i}` : '');
  }

  const reveal = () => options.querySelector('.active')?.scrollIntoView({ block: 'nearest' });

  /** @param {Checkpoint} checkpoint */
  function pick(checkpoint) {
    close();
    button.focus();
    choose(checkpoint.id);
  }

  /** @param {KeyboardEvent} event */
  function keys(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const at = found.findIndex(({ id }) => id === active);
    if (step && found.length) { activate((at + step + found.length) % found.length); reveal(); } else if (event.key === 'Enter' && found[at]) pick(found[at]);
    else if (event.key === 'Escape') { close(); button.focus(); } else return;
    event.preventDefault();
  }

  return {
    open,
    /** @param {Checkpoint | undefined} checkpoint nothing where the view is about none */
    show(checkpoint) {
      shown = checkpoint?.id ?? '';
      button.replaceChildren(checkpoint ? checkpointName(checkpoint) : empty, el('span', { 'aria-hidden': 'true' }, ' ▾'));
      button.setAttribute('aria-label', checkpoint ? `${name}: ${checkpointName(checkpoint)}` : empty);
    },
  };
}

/** @param {Checkpoint} checkpoint */
const runOf = ({ id }) => id.split('@')[0];

/** @param {Checkpoint} checkpoint @param {Run | undefined} run the one it comes from, while that goes on */
const describe = ({ variant, bpc, mean_span, created }, run) => [
  variant, ...[bpc.valid ?? bpc.part].filter((known) => known !== null).map((known) => `${bits(known)} bpc`), `mean span ${amount(mean_span)}`, age(created),
  ...(run ? [`still training: step ${count(run.step)}${run.steps ? ` of ${count(run.steps)}` : ''}`] : []),
].join(' · ');
