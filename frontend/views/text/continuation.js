import * as api from '../../api.js';
import { el } from '../../parts/dom.js';
import { amount, count } from '../../words.js';

const names = /** @type {Record<string, string>} */ ({ '␣': ' ', '⏎': '\n', '⇥': '\t' });

/**
 * Lets the model write on from the text, and tells as it writes how far its heads look.
 * @param {Page} page
 * @param {{ unit: string, most: number, text: () => string, cuts: () => Cut[], append: (text: string) => void }} about
 */
export function continuation({ checkpoint, signal, complain }, { unit, most, text, cuts, append }) {
  let writing = /** @type {AbortController | undefined} */ (undefined);
  /** @param {string} label @param {Record<string, unknown>} range */
  const number = (label, range) => el('input', { type: 'number', 'aria-label': label, required: true, ...range });
  const tokens = number(`how many ${unit}s to write`, { min: 1, max: most, value: Math.min(200, most) });
  const temperature = number('temperature', { min: 0, max: 10, step: 0.1, value: 0.8 });
  const seed = number('seed', { min: 0, max: 2 ** 31, value: 1 });
  const button = el('button', { class: 'action' }, 'Continue ▸');
  const told = el('span', { class: 'soft', role: 'status' });

  async function write() {
    const writes = writing = new AbortController();
    button.textContent = 'Stop';
    const decode = decoder(checkpoint.unit);
    const wanted = Number(tokens.value);
    const body = { text: text(), tokens: wanted, temperature: Number(temperature.value), seed: Number(seed.value), spans: cuts() };
    let written = 0;
    try {
      for await (const lines of api.continuation(checkpoint.id, body, AbortSignal.any([writes.signal, signal]))) {
        const fresh = lines.filter((line) => 'symbol' in line);
        const last = fresh.at(-1);
        if (!last) continue;
        written += fresh.length;
        append(fresh.map(({ symbol }) => decode(symbol)).join(''));
        const spans = (last.heads ?? [last.layers]).flat();
        const mean = spans.reduce((sum, span) => sum + span, 0) / spans.length;
        told.textContent = `${count(written)} of ${count(wanted)} ${unit}s · at the last one the heads may look back ${amount(mean)} on average`;
      }
    } catch (error) {
      complain(error);
    }
    if (writing !== writes) return;
    writing = undefined;
    button.textContent = 'Continue ▸';
    told.textContent = written ? `the last ${count(written)} ${unit}s, slanted, are the model’s` : '';
  }

  const stop = () => writing?.abort();
  return {
    element: el('form', {
      class: 'controls', 'aria-label': 'Let the model write on',
      onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); if (writing) stop(); else write(); },
    }, button, el('label', {}, tokens, ` ${unit}s`), el('label', {}, 'temperature ', temperature), el('label', {}, 'seed ', seed), told),
    stop,
    /** @param {boolean} so there is something to go on from */
    enable(so) { button.disabled = !so; },
  };
}

/** What the symbols of tokens stand for: the bytes of a character come one by one. @param {Unit} unit @returns {(symbol: string) => string} */
function decoder(unit) {
  const utf8 = new TextDecoder();
  return (symbol) => {
    const code = symbol.match(/^(?:0x|U\+)([0-9A-F]{2,})$/)?.[1];
    const character = code ? String.fromCodePoint(parseInt(code, 16)) : names[symbol] ?? symbol;
    return unit === 'bytes' ? utf8.decode(Uint8Array.of(character.charCodeAt(0)), { stream: true }) : character;
  };
}
