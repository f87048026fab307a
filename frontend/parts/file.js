import { el } from './dom.js';
import { bytes, count } from '../words.js';

/**
 * A text out of a file, chosen or dropped on the text.
 * @param {HTMLElement} place where it may be dropped
 * @param {{ most: number, onText: (text: string) => void, complain: (error: unknown) => void }} about
 */
export function fileChoice(place, { most, onText, complain }) {
  const told = el('span', { class: 'soft', role: 'status', id: 'text-file' });
  const input = el('input', { type: 'file', class: 'hidden', tabindex: '-1', 'aria-label': 'A text file', onchange: () => { take(input.files); input.value = ''; } });
  const button = el('button', { type: 'button', class: 'link', onclick: () => input.click() }, 'open a file');

  /** @param {FileList | null | undefined} files */
  async function take(files) {
    const file = files?.[0];
    if (!file) return;
    try {
      const { text, cut, foreign } = await readText(file, most);
      told.textContent = [` · ${file.name}, ${bytes(file.size)}`, cut && `cut after ${count(most)} characters, the most that is read at once`,
        foreign && 'it is not UTF-8: what could not be read is shown as �'].filter(Boolean).join(' · ');
      onText(text);
    } catch {
      complain(new Error(`${file.name} could not be read.`));
    }
  }

  /** @param {DragEvent} event */
  const over = (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    place.classList.add('dropping');
  };
  const away = () => place.classList.remove('dropping');
  place.addEventListener('dragover', over);
  place.addEventListener('dragleave', away);
  place.addEventListener('drop', (event) => {
    away();
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    take(event.dataTransfer.files);
  });
  return { button: el('span', {}, button, input), told };
}

/** The first characters of a file: no more of it is read than they can take. @param {Blob} file @param {number} most */
export async function readText(file, most) {
  const data = await file.slice(0, 8 * most).arrayBuffer(); // 4 bytes a character at most, and each may be a CR before a LF
  const text = new TextDecoder().decode(data, { stream: true }).replace(/\r\n?/g, '\n');
  const characters = Array.from(text);
  return { text: characters.slice(0, most).join(''), cut: characters.length > most || file.size > data.byteLength, foreign: text.includes('\ufffd') };
}
