import { el } from '../../parts/dom.js';
import { segments } from '../../parts/segments.js';
import { headKey, headName } from '../../words.js';

/**
 * Which head, which picture of it, nearer and further.
 * @param {Page} page
 * @param {Head[]} heads
 * @param {{ zoom: (what: 'rows' | 'back', factor: number) => void, whole: () => void }} react
 */
export function controls(page, heads, { zoom, whole }) {
  const choice = el('select', { onchange: () => page.choose({ head: choice.value }) },
    ...heads.map((head) => el('option', { value: headKey(head) }, headName(head))));
  const shape = segments('picture', (value) => page.choose({ shape: value === 'square' ? value : undefined }));
  const scale = segments('distance axis', (value) => page.choose({ axis: value === 'linear' ? value : undefined }));
  /** @param {string} words @param {string} label @param {() => void} press */
  const button = (words, label, press) => el('button', { type: 'button', 'aria-label': label, onclick: press }, words);
  /** @param {'rows' | 'back'} what @param {string} name @param {string} of */
  const zooms = (what, name, of) => el('span', { class: 'zoom' }, el('span', { class: 'soft' }, name),
    button('−', `See more ${of}`, () => zoom(what, 2)), button('+', `See fewer ${of}, nearer`, () => zoom(what, 0.5)));
  const distances = zooms('back', 'distance', 'distances');
  return {
    element: el('div', { class: 'controls' }, el('label', {}, 'head ', choice), shape.element, scale.element,
      zooms('rows', 'place', 'places'), distances, el('button', { type: 'button', class: 'quiet', onclick: whole }, 'whole text'),
      el('p', { class: 'hidden', id: 'attention-keys' },
        'Arrow keys move the cross-hair, ten at once with Shift; Enter puts it on the strongest key; plus and minus zoom, 0 shows the whole text.')),
    /** @param {{ head: Head, log: boolean, square: boolean, squareFits: boolean }} now */
    show({ head, log, square, squareFits }) {
      choice.value = headKey(head);
      shape.show({ band: 'band', square: 'square' }, square ? 'square' : 'band');
      scale.show({ log: 'log', linear: 'linear' }, log ? 'log' : 'linear');
      shape.element.hidden = !squareFits;
      scale.element.hidden = square;
      distances.hidden = square;
    },
  };
}
