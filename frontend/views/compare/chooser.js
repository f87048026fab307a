import { el } from '../../parts/dom.js';
import { picker } from '../../parts/picker.js';
import { amount, bits, bytes, compact } from '../../words.js';
import { most } from './chosen.js';

/**
 * The checkpoints under comparison: each can be changed, taken away, and others added.
 * @param {Frame} frame
 * @param {{ list: () => Promise<Checkpoint[]>, choose: (ids: string[]) => void }} around
 */
export function chooser(frame, { list, choose }) {
  /** @type {string[]} */
  let ids = [];
  const slots = Array.from({ length: most }, (_, i) => slot(i));
  const adding = el('div', { class: 'pick' });
  const hint = el('p', { class: 'note' });
  const { complain, signal } = frame;
  picker(adding, {
    id: 'to-add', none: 'Add a checkpoint', complain, signal,
    list: async () => (await list()).filter(({ id }) => !ids.includes(id)), choose: (id) => choose([...ids, id]),
  }).show(undefined);

  /** @param {number} i */
  function slot(i) {
    const [letter, place, facts] = [el('span', { class: 'letter' }), el('div', { class: 'pick' }), el('span', { class: 'soft' })];
    const pick = picker(place, { id: `to-replace-${i}`, name: `Checkpoint ${'ABCD'[i]}`, list, complain: frame.complain, signal: frame.signal, choose: (id) => choose(exchanged(ids, i, id)) });
    const remove = el('button', { type: 'button', class: 'quiet', onclick: () => choose(ids.filter((_, at) => at !== i)) }, 'remove');
    const element = el('li', {}, letter, place, facts, remove);
    return {
      element,
      /** @param {import('./chosen.js').Chosen | undefined} checkpoint */
      show(checkpoint) {
        element.hidden = !checkpoint;
        if (!checkpoint) return;
        pick.show(checkpoint);
        letter.className = `letter variant ${checkpoint.variant}`;
        letter.textContent = checkpoint.letter;
        facts.textContent = factsOf(checkpoint);
        remove.hidden = ids.length < 2;
        remove.setAttribute('aria-label', `Remove ${checkpoint.letter}, ${checkpoint.name}`);
      },
    };
  }

  return {
    element: el('div', { class: 'chooser' }, el('ol', {}, ...slots.map(({ element }) => element)), adding, hint),
    /** @param {import('./chosen.js').Chosen[]} chosen @param {number} there how many there are to choose from */
    show(chosen, there) {
      ids = chosen.map(({ id }) => id);
      slots.forEach(({ show }, i) => show(chosen[i]));
      adding.hidden = chosen.length === most || there <= chosen.length;
      hint.hidden = there > 1;
      hint.replaceChildren('It is the only checkpoint here. Train another to see what its spans are worth: in the view Training, or with ',
        el('code', {}, 'spanscope train fixed --preset quick --set variant=fixed'), '.');
    },
  };
}

/** One that is shown elsewhere changes places. @param {string[]} ids @param {number} i @param {string} id */
const exchanged = (ids, i, id) => ids.map((other, at) => (at === i ? id : other === id ? ids[i] : other));

/** @param {Checkpoint} checkpoint */
const factsOf = ({ id, bpc, unit, mean_span: mean, flops, cache_bytes: cache }) => [
  id, ...(bpc.valid !== null ? [`${bits(bpc.valid)} bits a ${unit.slice(0, -1)}`] : bpc.part !== null ? [`${bits(bpc.part)} bits a ${unit.slice(0, -1)} on part of valid`] : []),
  `mean span ${amount(mean)}`, `${compact(flops)} FLOPs a token`, `${bytes(cache)} of cache`,
].join(' · ');
