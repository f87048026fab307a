import * as api from '../api.js';
import { el } from '../parts/dom.js';
import { copyButton } from '../parts/save.js';
import { segments } from '../parts/segments.js';
import { lastAsked } from '../requests.js';
import { entryOf, isView } from '../views.js';
import { bytes, count } from '../words.js';
import { curl, isJson, python, readable } from './api/examples.js';
import { printed } from './api/printed.js';

const ways = { curl: 'curl', python: 'Python' };
const unpacking = `from array import array
from base64 import b64decode

def numbers(packed):
    kinds = {"f4": "f", "f8": "d", "i4": "i", "u1": "B"}
    return array(kinds[packed["dtype"]], b64decode(packed["bdata"]))`;

/**
 * How would I ask for this myself?
 * @param {Frame} frame
 * @returns {Promise<View>}
 */
export async function build(frame) {
  const [{ view, asked }, { needed }] = await Promise.all([behind(), api.session()]);
  const [wayTo, list] = [segments('as', (as) => frame.choose({ as })), el('div', { id: 'requests' })];
  const sum = asked.reduce((total, one) => total + one.bytes, 0);
  const name = isView(view) ? `The ${entryOf(view).title} view stands on` : 'The Spans view begins with';

  /** @param {Choices} choices */
  const update = (choices) => {
    const as = choices.as === 'python' ? 'python' : 'curl';
    wayTo.show(ways, as);
    list.replaceChildren(...asked.map((one) => request(needed ? withToken(one) : one, as)));
  };
  update(frame.choices);

  return {
    element: el('div', { class: 'asked' },
      el('header', {},
        el('h1', { id: 'headline', tabindex: '-1' }, asked.length ? `${name} ${answers(asked.length)}, ${bytes(sum)} in all.` : 'This view asked for nothing.'),
        el('p', { class: 'sub' }, 'Each request as the page sent it, the first one first, ready to copy, and the answer that it got, shortened where it repeats itself. ',
          ...(needed ? ['TOKEN stands for the one that this service asks for. '] : []),
          'Open a view and come back to see what it asks. Everything else that can be asked is in ', el('a', { href: '/docs' }, 'the documentation'), '.')),
      el('div', { class: 'controls' }, wayTo.element),
      list,
      el('section', { class: 'asked-notes' },
        el('h2', {}, 'Numbers in bulk'),
        el('p', {}, 'A long list of numbers comes packed, as {"dtype", "shape", "bdata"}: little-endian, in base64, in the form that plotly reads. In Python:'),
        code(unpacking, 'Copy the function that unpacks numbers'),
        el('p', {}, 'A table can also be had as CSV, and what is drawn as a plotly figure: add ?format=csv or ?format=figure to its address.'))),
    drawn: Promise.resolve(),
    update,
  };
}

/** Where no view was open before, what anybody would ask first. */
async function behind() {
  if (!lastAsked().view) {
    const [first] = await api.checkpoints();
    if (first) await Promise.all([api.spans(first.id), api.statistics(first.id)]);
  }
  return lastAsked();
}

/** As one sends it who has no session. @param {import('../requests.js').Asked} asked */
const withToken = (asked) => ({ ...asked, headers: { ...asked.headers, Authorization: 'Bearer TOKEN' } });

/** @param {number} number */
const answers = (number) => (number === 1 ? 'one answer' : `${number} answers`);

/** @param {import('../requests.js').Asked} asked @param {'curl' | 'python'} as */
function request(asked, as) {
  const { method, path, status, times, milliseconds, cutFrom } = asked;
  const text = (as === 'curl' ? curl : python)(asked, location.origin);
  const notes = [
    `answered ${status}`, ...(asked.bytes ? [bytes(asked.bytes)] : []), `${count(milliseconds)} ms`,
    ...(times > 1 ? [`asked ${times} times so far, this is the last answer`] : []),
  ];
  return el('article', {},
    el('header', { class: 'bar' }, el('h2', {}, `${method} ${readable(path)}`), el('span', { class: 'soft' }, notes.join(' · '))),
    ...(cutFrom ? [el('p', { class: 'note' }, `The text sent had ${count(cutFrom)} characters, and this is the answer to it; its beginning alone stands here.`)] : []),
    el('div', { class: 'pair' },
      code(text, `Copy ${method} ${readable(path)} as ${ways[as]}`),
      el('pre', { class: 'answer', role: 'group', tabindex: '0', 'aria-label': `Answer to ${method} ${readable(path)}` }, isJson(asked.type) ? printed(asked.answer) : asked.type || 'no content')));
}

/** @param {string} text @param {string} label */
const code = (text, label) => el('div', { class: 'code' }, el('pre', {}, text), el('span', { class: 'links' }, copyButton('copy', () => text, label)));
