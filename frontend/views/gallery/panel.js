import * as api from '../../api.js';
import { el, factList } from '../../parts/dom.js';
import { addressed } from '../../parts/kept-texts.js';
import { sheet } from '../../parts/sheet.js';
import { amount, count, headKey, headName, share } from '../../words.js';
import { kindsFigure } from './figure.js';
import { passageText, wide } from './passage.js';
import { answerWords, plural, reasonOf } from './words.js';

const groupings = { kind: 'by kind of character', word: 'by the letter’s place in the word', line: 'by the place in the line' };

/** All of one head: where it looks, from what, and every passage. @param {Page} page */
export function headPanel(page) {
  const [title, barTitle, bar] = [el('h2'), el('strong'), el('span', { class: 'soft' })];
  const standing = el('p', { class: 'note' });
  const facts = el('div');
  const passages = el('div', { class: 'passages' });
  const table = el('section');
  const figure = kindsFigure(page);
  const element = sheet({ id: 'gallery-panel', label: 'The chosen head', bar: [barTitle, bar] }, title, standing, facts, passages, figure.element, table);

  /** @param {HeadSurvey} head @param {Passage} passage */
  function entry(head, passage) {
    const { source, place, use, distance, entropy, key_share, keys } = passage;
    const told = `use ${count(use)} · looks ${amount(distance ?? NaN)} back · ${amount(entropy ?? NaN)} bits · the ${keys.length} keys read most hold ${share(key_share)}`;
    return el('li', {}, passageText(passage, wide, head.unit),
      el('p', { class: 'note' }, `${source}, ${head.unit.slice(0, -1)} ${count(place)} · ${told}`),
      ...(passage.text === null ? [] : [el('p', { class: 'ways' }, way('text', 'in Text', head, passage), way('attention', 'in Attention', head, passage))]));
  }

  /** @param {'text' | 'attention'} view @param {string} words @param {HeadSurvey} head @param {Passage} passage */
  const way = (view, words, head, passage) => el('button', {
    type: 'button', class: 'link', 'aria-label': `${words}, from ${passage.source} ${count(passage.place)}`, onclick: () => lead(view, head, passage).catch(page.complain),
  }, words);

  /** The passage as a text of its own: what lay before it is not read. @param {'text' | 'attention'} view @param {HeadSurvey} head @param {Passage} passage */
  async function lead(view, head, { text, text_at, text_start, place, keys: [first] }) {
    const query = place - text_start;
    const key = first && first.distance <= query ? query - first.distance : query - 1;
    const places = view === 'text' ? { of: 'head', show: 'distance', at: String(text_at) } : { at: `${query}:${key}`, rows: undefined, back: undefined };
    page.go(view, { ...await addressed(text ?? ''), head: headKey(head), written: undefined, ...places });
  }

  /** @param {HeadSurvey} head */
  function groupsOf(head) {
    const names = ['', `${head.unit}`, 'use', 'distance', 'entropy'];
    const row = (/** @type {HeadGroup} */ { group, tokens, use, mean_distance, entropy, grouping }) => el('tr', {},
      el('th', { scope: 'row' }, grouping === 'kind' ? plural(group) : group),
      ...[count(tokens), ...[use, mean_distance, entropy].map((value) => amount(value ?? NaN))].map((value) => el('td', {}, value)));
    return Object.entries(groupings).map(([grouping, name]) => el('table', { 'aria-label': name },
      el('caption', {}, name), el('thead', {}, el('tr', {}, ...names.map((own) => (own ? el('th', { scope: 'col' }, own) : el('td'))))),
      el('tbody', {}, ...head.groups.filter((group) => group.grouping === grouping && group.tokens).map(row))));
  }

  return {
    element,
    drawn: figure.drawn,
    /** Before all of it is known. @param {GalleryHead} head @param {string} unit */
    begin(head, unit) {
      title.textContent = headName(head);
      barTitle.textContent = headName(head);
      bar.textContent = answerWords(head);
      standing.textContent = answerWords(head);
      facts.replaceChildren(factList({
        span: `${amount(head.span)} ${unit}s`,
        'looks back on average': `${amount(head.mean_distance ?? NaN)} ${unit}s`,
        '90% of it within': `${count(head.distance_90)} ${unit}s`,
        'spread, entropy': `${amount(head.entropy ?? NaN)} bits`,
        'falls before the text': share(head.outside),
      }));
    },
    /** @param {HeadSurvey} head */
    show(head) {
      const reasons = Map.groupBy(head.passages, reasonOf);
      passages.replaceChildren(
        ...(head.text_missing ? [el('p', { class: 'note' }, `Without texts: ${head.text_missing}`)] : []),
        ...[...reasons].map(([reason, own]) => el('section', {}, el('h3', {}, `${reason[0].toUpperCase()}${reason.slice(1)}`),
          el('ol', { role: 'list' }, ...own.map((passage) => entry(head, passage))))));
      const csv = api.addressOf(api.surveyedHeadPath(page.checkpoint.id, head.name, head));
      table.replaceChildren(el('div', { class: 'bar' }, el('h3', {}, 'From what it looks'),
        el('span', { class: 'links' }, el('a', { href: `${csv}?format=csv`, download: `${headKey(head)}-${head.name}.csv`, 'aria-label': 'CSV of the groups' }, 'CSV'))),
      ...groupsOf(head));
      return figure.show(head);
    },
  };
}
