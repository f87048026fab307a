import { el } from '../../parts/dom.js';
import { addressed } from '../../parts/kept-texts.js';

const pause = 300;

/**
 * Puts the text into the address once typing rests, and says where a link opens it.
 * @param {Page} page
 * @param {(choices: Choices) => void} onKept
 */
export function keeping({ signal, complain, choose }, onKept) {
  const note = el('span');
  let waiting = 0;
  let file = '';
  signal.addEventListener('abort', () => clearTimeout(waiting));
  return {
    note,
    /** @param {string} text @param {() => Choices} also what else the address says of it */
    keep(text, also) {
      clearTimeout(waiting);
      waiting = setTimeout(async () => {
        const address = await addressed(text).catch(() => null);
        if (signal.aborted) return;
        const choices = { text: undefined, stored: undefined, ...address, ...also() };
        onKept(choices);
        choose(choices);
        if (!address) complain(new Error('This browser has no room to keep this text: a link will not open it.'));
      }, pause);
    },
    /** @param {boolean} so whether the text is too long for a link @param {string} text */
    long(so, text) {
      URL.revokeObjectURL(file);
      file = so ? URL.createObjectURL(new Blob([text], { type: 'text/plain' })) : '';
      note.replaceChildren(...(so ? [' · a long text: a link opens it only in this browser; ', el('a', { href: file, download: 'text.txt' }, 'the text as a file')] : []));
    },
  };
}
