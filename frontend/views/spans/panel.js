import * as api from '../../api.js';
import { el, factList } from '../../parts/dom.js';
import { sheet } from '../../parts/sheet.js';
import { amount, findHead, headKey, headName, longestRank, ranked, share } from '../../words.js';
import { historyFigure } from './history.js';
import { maskFigure } from './mask.js';
import { pathFigure } from './path.js';
import { trimSection } from './trim.js';
import { whatIfSection } from './what-if.js';
import { forces } from './words.js';

/**
 * The chosen head: what it may see, what it uses, what it needs.
 * @param {import('./figure.js').Parts & { history: History | null, path: TrimPath | null, cutting: import('./what-if.js').Cutting, again: () => void }} parts
 */
export function headPanel(parts) {
  const { page, spans, uses, unit, history, path, cutting, again } = parts;
  const order = ranked(spans.heads).map(headKey);
  const dynamic = spans.variant === 'dynamic';
  const title = el('h2');
  const bar = el('span', { class: 'soft' });
  const barTitle = el('strong');
  const standing = el('p', { class: 'note' });
  const facts = el('div');
  const forced = el('p', { class: 'note' });
  const mask = maskFigure(parts);
  const whatIf = whatIfSection(page, spans, unit, cutting);
  const trim = trimSection(page, unit, { measured: again });
  const past = path ? pathFigure(page, path, unit) : history && historyFigure(page, history, unit);
  const unmeasured = el('p', { class: 'note' }, uses.detail ?? '');
  const inText = el('button', { type: 'button', class: 'link', onclick: () => page.go('text') }, 'See this head read a text');
  /** @type {CutHead} */
  let chosen = spans.heads[0];
  /** @type {HeadDetail | undefined} */
  let detail;

  /** What a head uses is fetched when it is chosen. */
  async function use() {
    if (detail && headKey(detail) === headKey(chosen)) return;
    const wanted = headKey(chosen);
    const found = await api.head(page.checkpoint.id, chosen).catch(page.complain);
    if (!found || page.signal.aborted || wanted !== headKey(chosen)) return;
    detail = found;
    mask.show(chosen, detail);
  }

  /** @param {CutHead} head */
  function tell(head) {
    const own = head.uncut ?? head;
    const used = findHead(uses.heads, headKey(head));
    facts.replaceChildren(factList({
      [dynamic ? 'mean span' : 'span']: `${amount(own.span)} ${unit}s`,
      ...(dynamic ? { 'span, 10% to 90%': `${amount(own.p10)} – ${amount(own.p90)}` } : {}),
      'z, soft length': amount(own.z),
      ...(used && used.mean_distance !== null ? measured(used) : {}),
      ...(used && used.needs !== null ? { 'needs, if cut alone': `${amount(used.needs)} ${unit}s` } : {}),
    }));
    forced.textContent = used ? forces(used, unit) : '';
  }

  /** @param {HeadUse} used @returns {Record<string, string>} */
  const measured = ({ mean_distance, distance_90, entropy, outside }) => ({
    'looks back on average': `${amount(mean_distance ?? NaN)} ${unit}s`,
    '90% of it within': `${amount(distance_90 ?? NaN)} ${unit}s`,
    'spread, entropy': `${amount(entropy ?? NaN)} bits`,
    'falls before the text': share(outside ?? NaN),
  });

  let first = /** @type {Promise<void> | undefined} */ (undefined);
  const element = sheet({ id: 'head-panel', label: 'The chosen head', bar: [barTitle, bar] },
    title, standing, facts, unmeasured, mask.element, whatIf.element, trim.element, past?.element ?? '', forced, inText);
  return {
    element,
    whatIf,
    get drawn() { return Promise.all([mask.drawn, past?.drawn, first]); },
    /** @param {import('./figure.js').Shown} shown */
    show(shown) {
      chosen = shown.chosen;
      const own = chosen.uncut ?? chosen;
      title.textContent = headName(chosen);
      barTitle.textContent = headName(chosen);
      bar.textContent = `span ${amount(chosen.span)} ${unit}s${chosen.uncut ? `, cut from ${amount(own.span)}` : ''}`;
      const rank = spans.variant === 'fixed' ? `one of ${order.length} alike` : `${longestRank(order.indexOf(headKey(own)) + 1)} of ${order.length}`;
      const cost = findHead(uses.heads, headKey(own))?.flops_share ?? NaN;
      standing.textContent = `${rank} · ${share(cost)} of all attention cost`;
      tell(chosen);
      mask.show(chosen, detail);
      whatIf.show(shown);
      past?.show(own);
      const asked = use();
      first ??= asked;
    },
  };
}
