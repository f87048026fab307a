/** The line at the top: the views, the theme, the colour scale, the keys. */

import { byId, el } from './parts/dom.js';
import { nextPalette, nextTheme, onTheme, palette, theme } from './theme.js';
import { entryOf, isView, viewNames } from './views.js';

/** @param {{ go: (view: ViewName) => void, help: () => void }} page */
export function drawHeader({ go, help }) {
  document.addEventListener('click', (event) => {
    const name = event.target instanceof Element && event.target.closest('a[data-view]')?.getAttribute('data-view');
    if (!name || !isView(name) || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(name);
  });
  byId('views', HTMLElement).prepend(...viewNames.map((name) => el('a', { href: `/${name}`, 'data-view': name }, entryOf(name).title)));
  byId('help', HTMLButtonElement).addEventListener('click', help);
  byId('keys-list', HTMLElement).prepend(el('div', {}, el('dt', {}, viewNames.map((name) => entryOf(name).title).join(', ')),
    el('dd', {}, ...viewNames.flatMap((name) => [el('kbd', {}, entryOf(name).key), ' ']))));

  const [themeButton, paletteButton] = [byId('theme', HTMLButtonElement), byId('palette', HTMLButtonElement)];
  themeButton.addEventListener('click', nextTheme);
  paletteButton.addEventListener('click', nextPalette);
  const name = () => {
    themeButton.textContent = `◐ ${theme()}`;
    themeButton.setAttribute('aria-label', `Theme: ${theme()}`);
    paletteButton.textContent = palette();
    paletteButton.setAttribute('aria-label', `Colours of spans: ${palette()}`);
  };
  onTheme(name);
  name();
}

/** @param {ViewName} view the one on show @param {(view: ViewName) => string} addressOf where each link leads */
export function markView(view, addressOf) {
  for (const link of document.querySelectorAll('a[data-view]')) {
    const to = link.getAttribute('data-view') ?? '';
    if (!isView(to)) continue;
    link.setAttribute('href', addressOf(to));
    if (to === view && link.closest('nav')) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}
