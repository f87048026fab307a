import { el } from '../../parts/dom.js';

/**
 * Asks for a run's name before the run is removed with all it measured.
 * @param {string} name
 * @param {{ remove: (repeated: string) => Promise<void>, complain: (error: unknown) => void }} listeners
 */
export function confirmDeletion(name, { remove, complain }) {
  const typed = el('input', { type: 'text', autocomplete: 'off', spellcheck: 'false', oninput: () => { confirm.disabled = typed.value !== name; } });
  const confirm = el('button', { type: 'submit', disabled: true }, 'Delete for good');
  const form = el('form', { method: 'dialog', onsubmit: agreed },
    el('p', {}, `All checkpoints and curves of ${name} will be removed. Type its name to say that this is meant.`),
    el('label', {}, 'name ', typed),
    el('div', { class: 'controls' }, confirm, el('button', { type: 'button', onclick: () => element.close() }, 'Keep it')));
  const element = el('dialog', { id: 'delete-run', 'aria-labelledby': 'delete-title' }, el('h2', { id: 'delete-title' }, `Delete ${name}?`), form);

  function agreed() {
    remove(typed.value).catch(complain);
  }

  return {
    element,
    open() {
      typed.value = '';
      confirm.disabled = true;
      element.showModal();
    },
  };
}
