import * as api from '../api.js';
import { el } from '../parts/dom.js';
import { linkButton } from '../parts/save.js';
import { unfold } from '../parts/sheet.js';
import { unreadable } from '../parts/unreadable.js';
import { findHead, headKey, unitOf } from '../words.js';
import { cards } from './gallery/cards.js';
import { controls } from './gallery/controls.js';
import { arranged, toldBy } from './gallery/order.js';
import { headPanel } from './gallery/panel.js';
import { headline, subline } from './gallery/words.js';

/** So long the panel is waited for: what stands under its passages jumps less. */
const patience = 200;

/**
 * What is each head for?
 * @param {Page} page
 * @returns {Promise<View>}
 */
export async function build(page) {
  const { checkpoint, signal } = page;
  if (checkpoint.alphabet === 'unknown') return unreadable();
  const { items: surveys } = await api.surveys(checkpoint.id);
  if (!surveys.length) return noneYet(checkpoint);
  const unit = unitOf(checkpoint);
  const largest = surveys.reduce((a, b) => (b.tokens > a.tokens ? b : a));
  const surveyOf = (/** @type {Choices} */ { survey }) => surveys.find(({ name }) => name === survey) ?? largest;

  let choices = page.choices;
  let gallery = await api.gallery(checkpoint.id, surveyOf(choices).name);
  let chosen = gallery.heads[0];
  /** @type {Map<string, Promise<HeadSurvey>>} of the survey on show */
  let details = new Map();

  const title = el('h1', { id: 'headline', tabindex: '-1' });
  const sub = el('p', { class: 'sub' });
  const missing = el('p', { class: 'note' });
  const csv = el('a', { download: `heads-${checkpoint.id}.csv`, 'aria-label': 'CSV of all heads' }, 'CSV');
  const bar = controls(page, surveys);
  const panel = headPanel(page);
  const list = cards(page, {
    choose: (head) => page.choose({ head: headKey(head) }),
    open: () => unfold(panel.element),
  });

  function fill() {
    title.textContent = headline(gallery.heads, unit);
    sub.textContent = subline(gallery, unit);
    missing.textContent = gallery.text_missing ? `Passages stand without their texts: ${gallery.text_missing}` : '';
    missing.hidden = !gallery.text_missing;
    csv.href = `${api.addressOf(api.surveyPath(checkpoint.id, gallery.name))}?format=csv`;
    details = new Map();
    list.fill(gallery);
  }

  async function show() {
    const heads = arranged(gallery, choices);
    chosen = findHead(gallery.heads, choices.head) ?? heads[0] ?? gallery.heads[0];
    bar.show(gallery, choices, heads.length);
    list.show(heads, chosen, toldBy(gallery, choices));
    panel.begin(chosen, unit);
    const [of, head] = [gallery, chosen];
    const key = headKey(head);
    const asked = details.get(key) ?? api.surveyedHead(checkpoint.id, of.name, head);
    details.set(key, asked);
    asked.catch(() => details.delete(key));
    const detail = await asked;
    if (of === gallery && head === chosen && !signal.aborted) await panel.show(detail);
  }

  /** @param {Choices} next */
  async function turn(next) {
    page.calm();
    choices = next;
    const { name } = surveyOf(choices);
    if (name !== gallery.name) {
      const found = await api.gallery(checkpoint.id, name);
      if (surveyOf(choices).name !== name || signal.aborted) return;
      gallery = found;
      fill();
    }
    await show();
  }

  fill();
  const drawn = show();
  await Promise.race([drawn, new Promise((resolve) => { setTimeout(resolve, patience); })]);
  return {
    element: el('div', { class: 'view gallery' },
      el('div', { class: 'pictures' }, el('header', {}, title, sub, missing),
        el('div', { class: 'block' }, el('div', { class: 'bar' }, bar.element, el('span', { class: 'links' }, csv, linkButton())), list.element)),
      panel.element),
    drawn: drawn.then(() => panel.drawn),
    update: (next) => void turn(next).catch(page.complain),
  };
}

/** @param {Checkpoint} checkpoint @returns {View} */
const noneYet = ({ id }) => ({
  element: el('div', { class: 'empty' }, el('h1', { id: 'headline', tabindex: '-1' }, 'No text was surveyed with this checkpoint yet.'),
    el('p', { class: 'soft' }, 'A survey reads a whole corpus, or texts of your own, and finds where each head looks far, and for what:'),
    el('pre', {}, `spanscope survey ${id} classics`)),
  drawn: Promise.resolve(),
  update() {},
});
