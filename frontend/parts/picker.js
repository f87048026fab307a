import { age, amount, bits, checkpointName } from '../words.js';
import { el } from './dom.js';

/**
 * The checkpoint on show, and a list to choose another: filtered as one types.
 * @param {HTMLElement} place
 * @param {{
 *   list: () => Promise<Checkpoint[]>, choose: (id: string) => void, complain: (error: unknown) => void,
 *   id?: string, name?: string, none?: string, signal?: AbortSignal,
 * }} page `id` of the list, `name` of what is chosen, and what the button says where nothing is
 */
export function picker(place, { list, choose, complain, id = 'checkpoints', name = 'Checkpoint', none: empty = 'checkpoints', signal }) {
  /** @type {Checkpoint[]} */
  let found = [];
  let active = 0;
  let shown = '';

  const filter = el('input', {
    type: 'text', role: 'combobox', 'aria-label': 'Filter checkpoints', placeholder: 'filter', autocomplete: 'off', spellcheck: 'false',
    'aria-expanded': 'true', 'aria-controls': id, 'aria-autocomplete': 'list', oninput: () => fill(), onkeydown: keys,
  });
  const options = el('ul', { id, role: 'listbox', 'aria-label': 'Checkpoints' });
  const none = el('p', { class: 'soft', role: 'status' });
  const popup = el('div', { class: 'popup', hidden: true }, filter, options, none);
  const button = el('button', { type: 'button', 'aria-haspopup': 'listbox', 'aria-expanded': 'false', hidden: true, onclick: () => (popup.hidden ? open() : close()) });
  place.append(button, popup);
  document.addEventListener('pointerdown', (event) => {
    if (event.target instanceof Node && !place.contains(event.target)) close();
  }, { signal });
  place.addEventListener('focusout', (event) => {
    if (event.relatedTarget instanceof Node && !place.contains(event.relatedTarget)) close();
  });

  /** @type {Checkpoint[]} */
  let all = [];
  async function open() {
    popup.hidden = false;
    button.setAttribute('aria-expanded', 'true');
    filter.value = '';
    filter.focus();
    fill();
    all = await list().catch((error) => (complain(error), all));
    fill();
  }

  function close() {
    popup.hidden = true;
    button.setAttribute('aria-expanded', 'false');
  }

  function fill() {
    const words = filter.value.toLowerCase().split(/\s+/);
    found = all.filter((checkpoint) => {
      const text = `${checkpointName(checkpoint)} ${checkpoint.variant} ${checkpoint.corpus} ${checkpoint.id}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
    options.hidden = found.length === 0;
    none.textContent = found.length || !all.length ? '' : 'No checkpoint has these words.';
    options.replaceChildren(...found.map((checkpoint, i) => el('li', {
      role: 'option', id: `${id}-${i}`, 'aria-selected': String(checkpoint.id === shown), onclick: () => pick(checkpoint),
    }, el('span', { class: `variant ${checkpoint.variant}` }, checkpointName(checkpoint)), el('span', { class: 'soft' }, describe(checkpoint)))));
    activate(Math.max(0, found.findIndex(({ id }) => id === shown)));
  }

  /** @param {number} i */
  function activate(i) {
    active = i;
    [...options.children].forEach((option, at) => option.classList.toggle('active', at === i));
    filter.setAttribute('aria-activedescendant', found.length ? `${id}-${i}` : '');
    options.children[i]?.scrollIntoView({ block: 'nearest' });
  }

  /** @param {Checkpoint} checkpoint */
  function pick(checkpoint) {
    close();
    button.focus();
    choose(checkpoint.id);
  }

  /** @param {KeyboardEvent} event */
  function keys(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) activate((active + step + found.length) % found.length);
    else if (event.key === 'Enter' && found[active]) pick(found[active]);
    else if (event.key === 'Escape') { close(); button.focus(); } else return;
    event.preventDefault();
  }

  return {
    /** @param {Checkpoint | undefined} checkpoint nothing where the view is about none */
    show(checkpoint) {
      shown = checkpoint?.id ?? '';
      button.hidden = false;
      button.replaceChildren(checkpoint ? checkpointName(checkpoint) : empty, el('span', { 'aria-hidden': 'true' }, ' ▾'));
      button.setAttribute('aria-label', checkpoint ? `${name}: ${checkpointName(checkpoint)}` : empty);
    },
  };
}

/** @param {Checkpoint} checkpoint */
const describe = ({ variant, bpc, mean_span, created, training }) => [
  variant, ...[bpc.valid ?? bpc.part].filter((known) => known !== null).map((known) => `${bits(known)} bpc`), `mean span ${amount(mean_span)}`,
  training ? 'still training' : age(created),
].join(' · ');
