import { el } from '../../parts/dom.js';
import { addressed, kept } from '../../parts/kept-texts.js';
import { firstText } from '../../parts/examples.js';

const typingPause = 250;

/** What is changed in the second version, where nobody has yet. @param {string} text */
const firstEdit = (text) => text.replace('nobler', 'better');

/** @typedef {'text' | 'edited'} Name */

/**
 * Two texts one types into, kept in the address.
 * @param {Frame} frame
 */
export function textBoxes(frame) {
  const recalled = { text: '', edited: '' };
  const areas = { text: area('text', 'stored'), edited: area('edited', 'editedStored') };
  const title = el('span', {}, 'Text');
  const second = el('label', {}, el('span', {}, 'Version 2'), areas.edited);

  /** @param {Name} name @param {'stored' | 'editedStored'} store */
  function area(name, store) {
    let pause = 0;
    frame.signal.addEventListener('abort', () => clearTimeout(pause));
    const node = el('textarea', {
      id: `compare-${name}`, rows: 4, spellcheck: 'false', autocapitalize: 'off', autocomplete: 'off',
      oninput: () => {
        clearTimeout(pause);
        pause = setTimeout(async () => {
          const text = node.value;
          const address = await addressed(text).catch(() => null);
          if (frame.signal.aborted || node.value !== text) return;
          if (!address) frame.complain(new Error('This browser has no room to keep so long a text.'));
          else {
            recalled[name] = text;
            frame.choose({ [name]: address.text, [store]: address.stored });
          }
        }, typingPause);
      },
    });
    return node;
  }

  /** @param {string} hash */
  function found(hash) {
    const text = kept(hash);
    if (text === null) frame.complain(new Error('This link’s text is kept in another browser; here is an example in its place.'));
    return text ?? undefined;
  }

  return {
    element: el('div', { class: 'boxes' }, el('label', {}, title, areas.text), second),
    /** @param {boolean} versions whether there are two */
    name(versions) {
      second.hidden = !versions;
      title.textContent = versions ? 'Version 1' : 'Text';
    },
    /** What the address speaks of goes into the boxes, unless it was typed there. @param {Choices} choices */
    recall({ text, stored, edited, editedStored }) {
      const own = text ?? (stored && found(stored)) ?? firstText;
      const next = { text: own, edited: edited ?? (editedStored && found(editedStored)) ?? firstEdit(own) };
      for (const name of /** @type {Name[]} */ (['text', 'edited'])) {
        if (recalled[name] !== next[name]) areas[name].value = next[name];
        recalled[name] = next[name];
      }
      return next;
    },
  };
}
