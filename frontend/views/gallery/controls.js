import { el } from '../../parts/dom.js';
import { count } from '../../words.js';
import { kindsOf, ordersOf, rangeOf } from './order.js';
import { plural } from './words.js';

/**
 * In which order, which heads, in which texts.
 * @param {Page} page
 * @param {Survey[]} surveys
 */
export function controls({ checkpoint, choose }, surveys) {
  /** @param {string} name @param {'survey' | 'sort' | 'layer' | 'kind'} choice */
  const select = (name, choice) => {
    const element = el('select', { 'aria-label': name, onchange: () => choose({ [choice]: element.value || undefined }) });
    return element;
  };
  const [survey, sort, layer, kind] = [select('texts', 'survey'), select('sort by', 'sort'), select('layer', 'layer'), select('answers to', 'kind')];
  const bound = (/** @type {string} */ name) => el('input', { type: 'number', min: '0', 'aria-label': name, onchange: bounded });
  const [from, to] = [bound('span from'), bound('span to')];
  const told = el('span', { class: 'soft', role: 'status' });
  survey.replaceChildren(...surveys.map(({ name, tokens }) => el('option', { value: name }, `${name} (${count(tokens)})`)));
  layer.replaceChildren(el('option', { value: '' }, 'all'), ...Array.from({ length: checkpoint.layers }, (_, i) => el('option', { value: i }, `L${i}`)));

  function bounded() {
    choose({ span: from.value || to.value ? `${from.value}:${to.value}` : undefined });
  }

  return {
    element: el('div', { class: 'controls' },
      ...(surveys.length > 1 ? [el('label', {}, 'in ', survey)] : []), el('label', {}, 'sort by ', sort), el('label', {}, 'layer ', layer),
      el('label', {}, 'answers to ', kind), el('span', {}, 'span ', from, ' to ', to), told),
    /** @param {Gallery} gallery @param {Choices} choices @param {number} found */
    show({ name, groups, heads }, choices, found) {
      sort.replaceChildren(...Object.entries(ordersOf(groups)).map(([value, order]) => el('option', { value }, order.name)));
      kind.replaceChildren(el('option', { value: '' }, 'anything'), ...kindsOf(groups).map((of) => el('option', { value: of.kind }, plural(of.kind))));
      survey.value = name;
      sort.value = choices.sort ?? 'layer';
      layer.value = choices.layer ?? '';
      kind.value = choices.kind ?? '';
      const [least, most] = rangeOf(choices.span);
      from.value = least ? String(least) : '';
      to.value = Number.isFinite(most) ? String(most) : '';
      told.textContent = `${found} of ${heads.length} heads`;
    },
  };
}
