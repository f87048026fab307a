import { el } from '../../parts/dom.js';
import { amount, count } from '../../words.js';

/**
 * @typedef {{ keys: number, beside: number, before: number, after: number }} Room how many keys are to be seen, how many characters
 * beside each of them, and how many before and after the one that looks
 * @typedef {{ from: number, to: number }} Piece of the text, by characters
 */
/** @type {Room} */
export const narrow = { keys: 2, beside: 5, before: 12, after: 6 };
/** @type {Room} */
export const wide = { keys: 8, beside: 12, before: 40, after: 24 };
/** Less than this is not left out: the words for it would be longer. */
const leastLeftOut = 12;

/**
 * The parts of a passage's text in which something happens, in order.
 * @param {Excerpt} passage
 * @param {number} length of the text in characters
 * @param {Room} room
 * @returns {Piece[]}
 */
export function pieces({ keys, text_at: at }, length, room) {
  const read = keys.slice(0, room.keys).flatMap((key) => (key.at === null ? [] : [{ from: key.at - room.beside, to: key.at + 1 + room.beside }]));
  const wanted = [...read, { from: at - room.before, to: at + 1 + room.after }].sort((a, b) => a.from - b.from);
  const found = /** @type {Piece[]} */ ([]);
  for (const { from, to } of wanted) {
    const last = found.at(-1);
    if (last && from - last.to < leastLeftOut) last.to = Math.max(last.to, Math.min(length, to));
    else found.push({ from: Math.max(0, from), to: Math.min(length, to) });
  }
  return found;
}

/**
 * A passage: who looks is marked, what is read is shaded by weight, and what lies between is told by its length.
 * @param {Excerpt} passage
 * @param {Room} room
 * @param {Unit} unit
 */
export function passageText(passage, room, unit) {
  const { text, keys, text_at: at, source, place } = passage;
  const one = unit.slice(0, -1);
  if (text === null) {
    const read = keys.slice(0, room.keys).map(({ distance }) => count(distance)).join(', ');
    return el('p', { class: 'passage' }, el('span', { class: 'soft' }, `${source}, ${one} ${count(place)}: reads most ${read} ${unit} back`));
  }
  const characters = Array.from(text);
  const strongest = Math.max(...keys.map(({ weight }) => weight));
  const weights = /** @type {Map<number, number>} the bytes of one character together */ (new Map());
  for (const key of keys) if (key.at !== null) weights.set(key.at, (weights.get(key.at) ?? 0) + key.weight);

  /** @param {number} index */
  const marked = (index) => {
    const weight = weights.get(index) ?? 0;
    const letter = onOneLine(characters[index]);
    if (index === at) return el('mark', { class: 'looks' }, letter);
    if (!weight) return letter;
    return el('mark', { style: `--weight:${Math.min(1, weight / strongest).toFixed(2)}`, title: `${amount(100 * weight)}% of its attention` }, letter);
  };
  const shown = pieces(passage, characters.length, room);
  return el('p', { class: 'passage' }, ...shown.flatMap(({ from, to }, i) => [
    i === 0 ? '…' : el('span', { class: 'left-out' }, ` … ${count(lengthOf(characters.slice(shown[i - 1].to, from), unit))} ${unit} … `),
    ...joined(Array.from({ length: to - from }, (_, step) => marked(from + step))),
  ]), '…');
}

/** @param {string[]} characters @param {Unit} unit */
const lengthOf = (characters, unit) => (unit === 'bytes' ? new TextEncoder().encode(characters.join('')).length : characters.length);

/** @param {string} character */
const onOneLine = (character) => ({ '\n': '⏎', '\r': '⏎', '\t': '⇥' })[character] ?? character;

/** Letters next to each other as one text. @param {(string | HTMLElement)[]} letters */
function joined(letters) {
  const found = /** @type {(string | HTMLElement)[]} */ ([]);
  for (const letter of letters) {
    const last = found.at(-1);
    if (typeof letter === 'string' && typeof last === 'string') found[found.length - 1] = last + letter;
    else found.push(letter);
  }
  return found;
}
