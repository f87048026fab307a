import * as api from '../api.js';
import { el } from '../parts/dom.js';
import { headKey, longestOf } from '../words.js';
import { byDefault, most, signed } from './compare/chosen.js';
import { chooser } from './compare/chooser.js';
import { costFigure } from './compare/cost.js';
import { headIn, layersFigure } from './compare/layers.js';
import { maps } from './compare/maps.js';
import { comparePanel } from './compare/panel.js';
import { tables } from './compare/table.js';
import { textSection } from './compare/texts.js';
import { headline, subline } from './compare/words.js';

/**
 * @typedef {import('./compare/chosen.js').Chosen & { spans: Spans, path: TrimPath | null }} Shown
 * @typedef {{
 *   checkpoints: Checkpoint[], published: PublishedResult[], chosen: Shown[], comparison: Comparison | null, unit: string,
 *   head: Head | undefined, choices: Choices,
 * }} State `checkpoints`: all there are; `comparison`: nothing where one stands alone
 */

/**
 * What does a shorter span cost?
 * @param {Frame} frame
 * @returns {Promise<View>}
 */
export async function build(frame) {
  const [listed, published] = await Promise.all([api.checkpoints(), api.published()]);
  if (!listed.length) return nothing();
  let checkpoints = listed;
  /** @type {State} */
  let state;
  let asked = new AbortController();

  const list = async () => (checkpoints = await api.checkpoints());
  const choose = (/** @type {string[]} */ ids) => frame.choose({ ids: ids.join() });
  const add = (/** @type {string} */ id) => {
    const ids = state.chosen.map((checkpoint) => checkpoint.id);
    if (ids.length < most && !ids.includes(id)) choose([...ids, id]);
  };
  const title = el('h1', { id: 'headline', tabindex: '-1' });
  const sub = el('p', { class: 'sub' });
  const chooserPart = chooser(frame, { list, choose });
  const [cost, layers, map, panel, table, text] = [costFigure(frame, { add }), layersFigure(frame), maps(frame), comparePanel(frame), tables(), textSection(frame)];

  /** @param {Choices} choices @returns {Promise<State>} */
  async function gather(choices) {
    const found = await chosenBy(choices.ids);
    const chosen = await Promise.all(signed(found).map(async (checkpoint) => ({
      ...checkpoint, spans: await api.spans(checkpoint.id), path: checkpoint.parent ? await api.path(checkpoint.id).catch((error) => (frame.complain(error), null)) : null,
    })));
    const comparison = chosen.length > 1 ? await api.compare(chosen.map(({ id }) => id)) : null;
    const units = new Set(chosen.map(({ unit }) => unit.slice(0, -1)));
    return { checkpoints, published, chosen, comparison, unit: units.size === 1 ? [...units][0] : 'token', head: headOf(chosen, comparison, choices), choices };
  }

  /** @param {string | undefined} ids @returns {Promise<Checkpoint[]>} */
  async function chosenBy(ids) {
    const wanted = (ids ?? '').split(',').filter(Boolean);
    const found = await Promise.all(wanted.map((id) =>
      checkpoints.find((checkpoint) => checkpoint.id === id) ?? api.checkpoint(id).catch((error) => (frame.complain(error), null))));
    const distinct = new Map(found.flatMap((checkpoint) => (checkpoint ? [[checkpoint.id, checkpoint]] : [])));
    return distinct.size ? [...distinct.values()].slice(0, most) : byDefault(checkpoints);
  }

  /** @param {boolean} other whether the checkpoints are other ones */
  function show(other) {
    title.textContent = headline(state.chosen, state.comparison);
    sub.textContent = subline(state.chosen, state.comparison);
    chooserPart.show(state.chosen, checkpoints.length);
    map.show(state, other);
    panel.show(state);
    if (other) table.show(state);
    return Promise.all([cost.show(state), layers.show(state), text.show(state)]);
  }

  /** @param {Choices} choices */
  async function follow(choices) {
    asked.abort();
    asked = new AbortController();
    const { signal: stale } = asked;
    const other = choices.ids !== state.choices.ids;
    document.documentElement.dataset.ready = 'false';
    if (other) frame.calm();
    try {
      const next = other ? await gather(choices) : { ...state, choices, head: headOf(state.chosen, state.comparison, choices) };
      if (stale.aborted) return;
      state = next;
      await show(other);
    } catch (error) {
      frame.complain(error);
    }
    if (!stale.aborted) document.documentElement.dataset.ready = 'true';
  }
  frame.signal.addEventListener('abort', () => asked.abort());

  state = await gather(frame.choices);
  const shown = show(true);
  return {
    element: el('div', { class: 'view compare' },
      el('div', { class: 'pictures' },
        el('header', {}, title, sub, chooserPart.element), cost.element, map.element,
        el('div', { class: 'later' }, layers.element), el('div', { class: 'later' }, text.element), el('div', { class: 'later' }, table.element)),
      panel.element),
    drawn: Promise.all([shown, cost.drawn, layers.drawn]),
    update: follow,
  };
}

/** The chosen head, or the one on which the first two differ most. @param {Shown[]} chosen @param {Comparison | null} comparison @param {Choices} choices */
function headOf(chosen, comparison, choices) {
  const by = (/** @type {Comparison['heads'][number]} */ { differences: [difference] }) => Math.abs(difference ?? 0);
  const apart = comparison?.heads.reduce((most, head) => (by(head) > by(most) ? head : most));
  return headIn(chosen, choices.head) ?? headIn(chosen, apart && headKey(apart)) ?? longestOf(chosen[0].spans.heads);
}

/** @returns {View} */
const nothing = () => ({
  element: el('div', { class: 'empty' }, el('h1', { id: 'headline', tabindex: '-1' }, 'No checkpoint yet.'),
    el('p', { class: 'soft' }, 'Train two, then open this page again:'),
    el('pre', {}, 'spanscope train fixed --preset quick --set variant=fixed\nspanscope train adaptive --preset quick')),
  drawn: Promise.resolve(),
  update() {},
});
