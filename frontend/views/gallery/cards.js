import { el } from '../../parts/dom.js';
import { amount, count, headName, share } from '../../words.js';
import { massDrawing } from './drawing.js';
import { narrow, passageText } from './passage.js';
import { reasonOf } from './words.js';

/**
 * Every head a card, in the order asked for; what a card shows is drawn as it comes into view.
 * @param {Page} page
 * @param {{ choose: (head: GalleryHead) => void, open: () => void }} react
 */
export function cards(page, { choose, open }) {
  /** @typedef {{ head: GalleryHead, item: HTMLLIElement, button: HTMLButtonElement, answer: HTMLElement, body: HTMLElement }} Card */
  let all = /** @type {Card[]} */ ([]);
  let shown = /** @type {Card[]} */ ([]);
  let about = /** @type {Gallery | undefined} */ (undefined);
  const list = el('ul', { id: 'gallery-cards', class: 'head-cards', role: 'list', 'aria-label': 'Heads', onkeydown: keys });
  const none = el('p', { class: 'soft', hidden: true }, 'No head is as asked for.');

  const sight = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      const card = isIntersecting && all.find(({ item }) => item === target);
      if (!card || !about) continue;
      sight.unobserve(target);
      card.body.replaceChildren(...bodyOf(card.head, about));
    }
  }, { rootMargin: '400px' });
  page.signal.addEventListener('abort', () => sight.disconnect());

  /** @param {GalleryHead} head @returns {Card} */
  function cardOf(head) {
    const button = el('button', { type: 'button', class: 'quiet', tabindex: '-1' }, headName(head));
    const answer = el('p', { class: 'answer' });
    const body = el('div', { class: 'card-body' });
    const item = el('li', { onclick: () => { move(card); open(); } }, el('h2', {}, button), answer, body);
    const card = { head, item, button, answer, body };
    sight.observe(item);
    return card;
  }

  /** @param {Card} card */
  function move({ head, button }) {
    choose(head);
    button.focus();
  }

  /** @param {KeyboardEvent} event */
  function keys(event) {
    const at = shown.findIndex(({ item }) => item.contains(/** @type {Node} */ (event.target)));
    const across = shown.filter(({ item }) => item.offsetTop === shown[0].item.offsetTop).length;
    const next = { ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - across, ArrowDown: at + across, Home: 0, End: shown.length - 1 }[event.key];
    if (at < 0 || next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (shown[next]) move(shown[next]);
  }

  return {
    element: el('div', {}, list, none),
    /** @param {Gallery} gallery */
    fill(gallery) {
      sight.disconnect();
      about = gallery;
      all = gallery.heads.map(cardOf);
    },
    /** @param {GalleryHead[]} heads in their order @param {GalleryHead} chosen @param {(head: GalleryHead) => string} told beside the name of each */
    show(heads, chosen, told) {
      const before = shown;
      shown = heads.flatMap((head) => all.filter((card) => card.head === head));
      if (shown.some((card, i) => card !== before[i]) || shown.length !== before.length) list.replaceChildren(...shown.map(({ item }) => item));
      const entered = shown.find(({ head }) => head === chosen) ?? shown[0];
      for (const card of all) {
        card.answer.textContent = told(card.head);
        card.button.tabIndex = card === entered ? 0 : -1;
        card.item.toggleAttribute('data-chosen', card.head === chosen);
        if (card.head === chosen) card.button.setAttribute('aria-current', 'true');
        else card.button.removeAttribute('aria-current');
      }
      none.hidden = shown.length > 0;
    },
  };
}

/** @param {GalleryHead} head @param {Gallery} about */
const bodyOf = (head, about) => [
  massDrawing(head, about),
  el('p', { class: 'measured' }, `span ${amount(head.span)} · ${amount(head.mean_distance ?? NaN)} back · ${amount(head.entropy ?? NaN)} bits${head.outside >= 0.01 ? ` · ${share(head.outside)} outside` : ''}`),
  ...head.excerpts.flatMap((excerpt) => [
    el('p', { class: 'note' }, `${reasonOf(excerpt)}, use ${count(excerpt.use)}`),
    passageText(excerpt, narrow, about.unit)]),
];
