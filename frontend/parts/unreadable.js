import { el } from './dom.js';

/** In the place of a view that reads texts, where a model cannot. @returns {View} */
export const unreadable = () => ({
  element: el('div', { class: 'empty' }, el('h1', { id: 'headline', tabindex: '-1' }, 'This model cannot read a text yet.'),
    el('p', { class: 'soft' }, 'Its checkpoint numbers its symbols without naming them. Import it again with what it was trained on:'),
    el('pre', {}, 'spanscope import FILE.pt --output FOLDER --corpus FILE')),
  drawn: Promise.resolve(),
  update() {},
});
