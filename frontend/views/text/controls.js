import { el } from '../../parts/dom.js';
import { segments } from '../../parts/segments.js';
import { headKey, headName } from '../../words.js';
import { examples } from '../../parts/examples.js';

const names = { span: 'span', distance: 'distance', bits: 'bits', outside: 'outside' };

/**
 * What the tints show, and texts to begin with.
 * @param {Page} page
 * @param {{ heads: Head[], file: HTMLElement, links: HTMLElement, onExample: (text: string) => void }} about
 */
export function controls(page, { heads, file, links, onExample }) {
  const toShow = segments('show', (show) => page.choose({ show }));
  const toOf = segments('of', (of) => page.choose({ of }));
  const head = el('select', { 'aria-label': 'head', onchange: () => page.choose({ head: head.value }) },
    ...heads.map((one) => el('option', { value: headKey(one) }, headName(one))));
  const example = el('select', { 'aria-label': 'Examples', onchange: choose },
    el('option', { value: '' }, 'examples'), ...Object.keys(examples).map((name) => el('option', { value: name }, name)));

  function choose() {
    const text = examples[/** @type {keyof typeof examples} */ (example.value)];
    example.value = '';
    if (text !== undefined) onExample(text);
  }

  return {
    element: el('div', { class: 'controls' },
      toShow.element, toOf.element, head, example, file, links),
    /** @param {import('./choices.js').Chosen} chosen */
    show({ chosen, measure, of }) {
      toShow.show(names, measure);
      toOf.show({ all: 'all heads', layer: `layer ${chosen.layer}`, head: headName(chosen) }, of);
      head.value = headKey(chosen);
    },
  };
}
