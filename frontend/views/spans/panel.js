import { el, factList } from '../../parts/dom.js';
import { amount, headName, longestRank, ranked, share } from '../../words.js';
import { historyFigure } from './history.js';
import { maskFigure } from './mask.js';

/** @param {import('./figure.js').Parts & { history: History | null }} parts */
export function headPanel({ page, spans, unit, history }) {
  const order = ranked(spans.heads);
  const sum = spans.heads.reduce((total, { span }) => total + span, 0);
  const title = el('h2');
  const standing = el('p', { class: 'note' });
  const facts = el('div');
  const mask = maskFigure(page, spans, unit);
  const past = history && historyFigure(page, history, unit);
  const inText = el('button', { type: 'button', class: 'link', onclick: () => page.go('text') }, 'See this head read a text');

  return {
    element: el('aside', { id: 'head-panel', class: 'panel', 'aria-label': 'The chosen head' },
      title, standing, facts, mask.element, past?.element ?? '', inText),
    drawn: Promise.all([mask.drawn, past?.drawn]),
    /** @param {Head} head */
    show(head) {
      title.textContent = headName(head);
      const rank = spans.variant === 'fixed' ? `one of ${order.length} alike` : `${longestRank(order.indexOf(head) + 1)} of ${order.length}`;
      standing.textContent = `${rank} · ${share(head.span / sum)} of all attention cost`;
      facts.replaceChildren(factList({
        [spans.variant === 'dynamic' ? 'mean span' : 'span']: `${amount(head.span)} ${unit}s`,
        ...(spans.variant === 'dynamic' ? { 'span, 10% to 90%': `${amount(head.p10)} – ${amount(head.p90)}` } : {}),
        'z, soft length': amount(head.z),
      }));
      mask.show(head);
      past?.show(head);
    },
  };
}
