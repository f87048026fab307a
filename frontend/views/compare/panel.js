import { el, factList } from '../../parts/dom.js';
import { amount, bits, bytes, compact, findHead, headKey, headName, signed, signedAmount } from '../../words.js';

/**
 * The chosen head in every checkpoint, and the second checkpoint beside the first.
 * @param {Frame} frame
 */
export function comparePanel(frame) {
  const [title, standing, facts, links] = [el('h2'), el('p', { class: 'note' }), el('div'), el('p', { class: 'note' })];
  const beside = el('section');
  return {
    element: el('aside', { id: 'compare-panel', class: 'panel', 'aria-label': 'The chosen head in each checkpoint' }, title, standing, facts, links, beside),
    /** @param {import('../compare.js').State} state */
    show({ chosen, comparison, unit, head }) {
      if (!head) return;
      const key = headKey(head);
      title.textContent = headName(head);
      standing.textContent = `its span in each checkpoint, ${unit}s back`;
      const own = chosen.map((checkpoint) => ({ ...checkpoint, own: findHead(checkpoint.spans.heads, key) }));
      const difference = comparison?.heads.find((other) => headKey(other) === key)?.differences[0] ?? null;
      facts.replaceChildren(factList({
        ...Object.fromEntries(own.map(({ letter, variant, own: found }) => [`${letter} ${variant}`, found ? spanOf(found, variant) : 'no such head'])),
        ...(difference === null ? {} : { [`${chosen[1].letter} − ${chosen[0].letter}`]: signedAmount(difference) }),
      }));
      links.replaceChildren('See it in Spans: ', ...own.filter(({ own: found }) => found).flatMap(({ id, letter, name }) => [
        el('button', { type: 'button', class: 'link', 'aria-label': `${headName(head)} of ${name} in Spans`, onclick: () => frame.go('spans', { checkpoint: id, head: key }) }, letter), ' ',
      ]));
      beside.replaceChildren(...(comparison ? differences(chosen, comparison) : []));
    },
  };
}

/** @param {Head} head @param {Variant} variant */
const spanOf = ({ span, p10, p90 }, variant) => (variant === 'dynamic' ? `${amount(span)} (${amount(p10)} – ${amount(p90)})` : amount(span));

/** @param {import('../compare.js').Shown[]} chosen @param {Comparison} comparison */
const differences = ([first, ...others], comparison) => others.flatMap(({ letter }, i) => {
  const by = comparison.differences[i];
  return [
    el('h3', {}, `${letter} beside ${first.letter}`),
    factList({
      [`bits a ${first.unit.slice(0, -1)}`]: by.bpc === null ? 'not compared' : signed(by.bpc, bits),
      'mean span': signed(by.mean_span, amount),
      'FLOPs a token': signed(by.flops, compact),
      cache: signed(by.cache_bytes, bytes),
      ...(by.parameters ? { parameters: signed(by.parameters, compact) } : {}),
    }),
  ];
});
