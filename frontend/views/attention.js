import * as api from '../api.js';
import { el } from '../parts/dom.js';
import { plotly } from '../parts/figure.js';
import { addressed, recall } from '../parts/kept-texts.js';
import { linkButton, saveLinks } from '../parts/save.js';
import { unreadable } from '../parts/unreadable.js';
import { findHead, headKey, headName, longestOf, unitOf } from '../words.js';
import { controls } from './attention/controls.js';
import { headsFigure } from './attention/heads.js';
import { keyboard } from './attention/keys.js';
import { legend } from './attention/legend.js';
import { attentionMap } from './attention/map.js';
import { multiples } from './attention/multiples.js';
import { rowPanel } from './attention/panel.js';
import { figureOf, tableOf } from './attention/picture.js';
import { readout, weightAt } from './attention/readout.js';
import { source } from './attention/source.js';
import { rowOf, strongest, subjectOf } from './attention/subject.js';
import { atOf, atWords, backOf, backWords, rowsOf, rowsWords } from './attention/window.js';
import { headline, rowsInWords } from './attention/words.js';

const longestSquare = 1024;
const [lookPause, rowPause, addressPause] = [40, 120, 300];

/**
 * What exactly does one head read?
 * @param {Page} page
 * @returns {Promise<View>}
 */
export async function build(page) {
  const { checkpoint, signal } = page;
  if (checkpoint.alphabet === 'unknown') return unreadable();
  const [{ heads }, limits] = await Promise.all([api.spans(checkpoint.id), api.limits()]);
  const unit = unitOf(checkpoint);

  let choices = page.choices;
  let text = '';
  /** @type {import('./attention/map.js').Shown | undefined} */
  let shown;
  let known = /** @type {{ row: number, all: Map<string, Float32Array> } | undefined} */ (undefined);
  let hovered = /** @type {import('./attention/frame.js').At | null} */ (null);
  let reading = new AbortController();
  const pauses = { look: 0, row: 0, address: 0 };
  let working = 0;
  let drawnFor = '';
  /** The headline and all under it jump less where the first row is waited for. */
  const { promise: told, resolve: firstTold } = /** @type {PromiseWithResolvers<void>} */ (Promise.withResolvers());

  const chosen = () => findHead(heads, choices.head) ?? longestOf(heads);
  const chooseHead = (/** @type {Head} */ head) => page.choose({ head: headKey(head) });
  /** @param {Head} head @param {import('./attention/subject.js').Subject} subject how far the map goes back */
  const reachOf = (head, subject) => Math.max(Math.ceil(checkpoint.variant === 'dynamic' ? head.p90 : head.span), subject.widest(head));

  const title = el('h1', { id: 'headline', tabindex: '-1' }, 'Reading the text…');
  const subline = el('p', { class: 'sub' });
  const name = el('h2');
  const words = readout(unit);
  const scale = legend(unit, signal);
  const bar = controls(page, heads, { zoom, whole });
  const from = source(page, limits.characters, takeText);
  const panel = rowPanel(page, unit, (distance) => shown && setAt({ ...shown.at, distance }));
  const others = headsFigure(page, heads, unit, chooseHead);
  const small = multiples(page, heads, unit, chooseHead);
  const map = attentionMap(page, unit, { onWindow: setWindow, onPick: setAt, onHover: hover, onKey: (event) => keys(event), onSize: look });
  const keys = keyboard({
    at: () => shown?.at, square: () => shown?.square === true, last: () => (shown?.subject.count ?? 1) - 1, toStrongest,
    setAt, zoom: (factor) => zoom('rows', factor), pan: map.pan, whole,
  });
  const links = saveLinks({
    title: () => name.textContent || 'The map of a head', caption: () => `${checkpoint.id} · ${headName(chosen())}`, complain: page.complain, also: [linkButton()],
    image: async () => ({ Plotly: await plotly, .../** @type {Drawing} */ (figureOf((await wholePicture()).picture, unit)) }),
    rows: async () => { const { picture, level } = await wholePicture(); return tableOf(picture, level); },
  });

  /** Reads the text that the address speaks of, and shows it as the address says. */
  async function open() {
    reading.abort();
    reading = new AbortController();
    const { signal: stale } = reading;
    text = recall(choices, page.complain);
    shown = undefined;
    known = undefined;
    drawnFor = '';
    if (!text) return firstTold(showNothing());
    try {
      const subject = await subjectOf(checkpoint, text, AbortSignal.any([stale, signal]));
      if (stale.aborted || signal.aborted) return;
      const head = chosen();
      const reach = reachOf(head, subject);
      const rows = rowsOf(choices.rows, subject.count);
      const late = { query: Math.floor(rows[0] + 0.75 * (rows[1] - rows[0])), distance: 1 };
      shown = {
        subject, head, reach, rows, back: backOf(choices.back, reach), log: choices.axis !== 'linear', square: square(subject.count),
        at: atOf(choices.at, subject.count) ?? late,
      };
      pictures.hidden = false;
      if (choices.rows !== rowsWords(rows, subject.count)) keepInAddress(); // they were of a longer text
      show();
      await Promise.all([lookNow(), rowNow()]);
      if (!stale.aborted && !signal.aborted) small.read(subject);
    } catch (error) {
      page.complain(error);
      if (!shown) title.textContent = 'This text could not be read.';
    }
    firstTold();
  }

  /** @param {number} count */
  const square = (count) => choices.shape === 'square' && count <= longestSquare;

  /** The page is ready when nothing is under way. @template T @param {() => Promise<T>} work @returns {() => Promise<T>} */
  const waited = (work) => async () => {
    working += 1;
    document.documentElement.dataset.ready = 'false';
    return work().finally(() => {
      working -= 1;
      if (!working && !signal.aborted) document.documentElement.dataset.ready = 'true';
    });
  };

  function show() {
    if (!shown) return;
    const { head, rows, subject } = shown;
    name.textContent = `${headName(head)}, ${rowsInWords(rows, unit)}`;
    subline.textContent = shown.square
      ? `Each row is a ${unit} that looks back, each column one that is read. The brighter, the more weight.`
      : `Across the text, downwards how far back ${headName(head)} reads. The brighter, the more weight.`;
    map.show(shown, `${name.textContent}, as ${shown.square ? 'a square of queries by keys' : 'distances by places'}. The list of keys and the CSV hold the numbers.`);
    bar.show({ head, log: shown.log, square: shown.square, squareFits: subject.count <= longestSquare });
    from.show(text, subject.count, unit, choices.stored ? ' · a long text: this link opens it only in this browser' : '');
    small.mark(head);
    scale.show(map.level()?.pool ?? 1);
    say(false);
  }

  /** @param {boolean} aloud */
  function say(aloud) {
    if (!shown) return;
    const at = hovered ?? shown.at;
    const row = known && { row: known.row, weights: rowOf(known.all, shown.head) };
    words.show(shown.subject, at, weightAt(shown, at, map.level(), row), aloud);
  }

  /** Fetches what is on show. */
  async function lookNow() {
    const level = map.level();
    if (!shown || !level || !map.ready()) return;
    const { subject, head, rows } = shown;
    await subject.levels.want(head, level, rows, () => map.redraw(true));
    if (subject !== shown?.subject || head !== shown.head) return;
    const reach = reachOf(head, subject);
    if (reach > shown.reach) shown = { ...shown, reach, back: backOf(choices.back, reach) };
    show();
  }

  /** What is on show, with nothing of it still to come. */
  async function wholePicture() {
    await lookNow();
    const [picture, level] = [map.picture(), map.level()];
    if (!picture || !level) throw new Error('Nothing is drawn yet: try again when the map is there.');
    return { picture, level };
  }

  /** Reads the chosen row of every head. */
  async function rowNow() {
    if (!shown) return;
    const { subject, at: { query } } = shown;
    const all = known?.row === query ? known.all : await subject.weightsOf(query);
    if (subject !== shown?.subject || query !== shown.at.query) return;
    if (!known && !choices.at) {
      const inside = rowOf(all, shown.head).subarray(0, Math.max(1, query));
      shown = { ...shown, at: { query, distance: strongest(inside, 1)[0].distance } };
    }
    known = { row: query, all };
    const weights = rowOf(all, shown.head);
    title.textContent = headline(subject, query, shown.head, weights, unit);
    panel.show(shown, weights);
    show();
    firstTold();
    const now = `${headKey(shown.head)} ${query}`;
    if (now === drawnFor) return;
    drawnFor = now;
    await others.show(shown, all);
  }

  /** @param {'look' | 'row'} what @param {() => Promise<void>} now @param {number} pause */
  function later(what, now, pause) {
    clearTimeout(pauses[what]);
    pauses[what] = setTimeout(() => waited(now)().catch(page.complain), pause);
  }
  function look() { later('look', lookNow, lookPause); }

  /** The address follows when the hand rests. */
  function keepInAddress() {
    clearTimeout(pauses.address);
    pauses.address = setTimeout(() => {
      pauses.address = 0;
      if (shown) page.choose({ rows: rowsWords(shown.rows, shown.subject.count), back: backWords(shown.back, shown.reach), at: atWords(shown.at) });
    }, addressPause);
  }

  /** @param {import('./attention/axis.js').Range} rows @param {import('./attention/axis.js').Range} back */
  function setWindow(rows, back) {
    if (!shown) return;
    shown = { ...shown, rows, back };
    show();
    look();
    keepInAddress();
  }

  /** @param {import('./attention/frame.js').At} at */
  function setAt({ query, distance }) {
    if (!shown) return;
    const { subject: { count }, reach } = shown;
    const at = { query: Math.min(Math.max(query, 0), count - 1), distance: Math.min(Math.max(distance, 1), reach) };
    shown = { ...shown, at };
    const [low, high] = shown.rows;
    if (at.query < low || at.query >= high) {
      const first = Math.min(Math.max(0, at.query - (high - low) / 2), count - (high - low));
      shown.rows = [first, first + high - low];
      look();
    }
    show();
    say(true);
    later('row', rowNow, rowPause);
    keepInAddress();
  }

  /** @param {import('./attention/frame.js').At | null} at */
  function hover(at) {
    hovered = at;
    say(false);
  }

  /** @param {'rows' | 'back'} what @param {number} factor */
  function zoom(what, factor) {
    const { x, y } = map.middle();
    if (what === 'rows') map.change({ about: x, factor }, {});
    else map.change({}, { about: y, factor });
  }

  /** Puts the cross-hair on the chosen row's strongest key. */
  async function toStrongest() {
    if (!shown) return;
    const { subject, head, at: { query } } = shown;
    const all = await subject.weightsOf(query).catch(page.complain);
    if (all && subject === shown?.subject && query === shown.at.query) setAt({ query, distance: strongest(rowOf(all, head), 1)[0].distance });
  }

  function whole() {
    if (shown) setWindow([0, shown.subject.count], [1, shown.reach + 1]);
  }

  function showNothing() {
    title.textContent = 'What should the model read?';
    subline.textContent = 'Paste or type a text, or choose an example: what every head reads from each of its places is drawn.';
    pictures.hidden = true;
    from.show('', 0, unit, '');
    from.element.open = true;
  }

  /** @param {string} next */
  async function takeText(next) {
    const address = await addressed(next.toWellFormed()).catch(() => null);
    if (signal.aborted) return;
    if (!address) page.complain(new Error('This browser has no room to keep this text: a link will not open it.'));
    page.choose({ ...address, rows: undefined, back: undefined, at: undefined });
  }

  /** @param {Choices} next */
  function update(next) {
    page.calm();
    const before = choices;
    choices = next;
    const elsewhere = (choices.text !== before.text || choices.stored !== before.stored) && recall(choices, page.complain) !== text;
    if (elsewhere || !shown) return void waited(open)();
    const { subject, at } = shown;
    const head = chosen();
    const reach = reachOf(head, subject);
    const moved = pauses.address ? {} : { rows: rowsOf(choices.rows, subject.count), at: atOf(choices.at, subject.count) ?? at };
    shown = { ...shown, head, reach, back: backOf(choices.back, reach), log: choices.axis !== 'linear', square: square(subject.count), ...moved };
    show();
    look();
    later('row', rowNow, 0);
  }

  signal.addEventListener('abort', () => { Object.values(pauses).forEach(clearTimeout); reading.abort(); });
  const pictures = el('div', { class: 'block-wide' },
    el('section', { class: 'map-block' }, el('div', { class: 'bar' }, name, links), bar.element, map.element,
      el('div', { class: 'under' }, words.element, scale.element)),
    el('div', { class: 'later' }, others.element), el('div', { class: 'later' }, small.element));
  const element = el('div', { class: 'view attention' },
    el('div', { class: 'pictures' }, el('header', {}, title, subline, from.element), pictures), panel.element);
  const drawn = waited(open)();
  await told;
  return { element, drawn, update };
}
