import * as api from '../api.js';
import { el } from '../parts/dom.js';
import { addressed, kept } from '../parts/kept-texts.js';
import { linkButton } from '../parts/save.js';
import { position, tinter } from '../parts/scale.js';
import { segments } from '../parts/segments.js';
import { onTheme } from '../theme.js';
import { findHead, headKey, headName, longestOf, unitOf } from '../words.js';
import { alongFigure } from './text/along.js';
import { editor } from './text/editor.js';
import { examples, firstText } from './text/examples.js';
import { placePanel } from './text/panel.js';
import { domainOf, reading } from './text/reading.js';
import { tintScale } from './text/scale.js';
import { headStrip } from './text/strip.js';
import { headline, status, sublines } from './text/words.js';

const typingPause = 120;
/** Longer texts are asked for layer by layer, so that an answer stays small. */
const mostForHeads = 2000;
const names = { span: 'span', distance: 'distance', bits: 'bits', outside: 'outside' };

/**
 * How far back does each character look?
 * @param {Page} page
 * @returns {Promise<View>}
 */
export async function build(page) {
  const { checkpoint, signal } = page;
  if (checkpoint.alphabet === 'unknown') return unreadable();
  const { heads } = await api.spans(checkpoint.id);
  const unit = unitOf(checkpoint);
  const usual = checkpoint.variant === 'dynamic' ? 'span' : 'distance';

  let choices = page.choices;
  let text = '';
  let note = '';
  let place = /** @type {number | null} */ (null);
  /** @type {import('./text/reading.js').Reading | undefined} */
  let current;
  let asked = new AbortController();
  let pause = 0;
  /** The headline and all under it jump less where the first answer is waited for. */
  const { promise: known, resolve: firstKnown } = /** @type {PromiseWithResolvers<void>} */ (Promise.withResolvers());

  const chosen = () => findHead(heads, choices.head) ?? longestOf(heads);
  const measure = () => (choices.show && choices.show in names ? /** @type {keyof typeof names} */ (choices.show) : usual);
  /** @returns {import('./text/reading.js').Of} */
  const of = () => (choices.of === 'layer' || choices.of === 'head' ? choices.of : 'all');
  const chooseHead = (/** @type {{ layer: number, head: number }} */ head) => page.choose({ head: headKey(head) });

  const title = el('h1', { id: 'headline', tabindex: '-1' }, 'Reading the text…');
  const subline = el('p', { class: 'sub' });
  const line = el('span', { id: 'text-status', role: 'status' });
  const scale = tintScale();
  const box = editor({ onText: typed, onPlace: focusPlace });
  const toShow = segments('show', (show) => page.choose({ show }));
  const toOf = segments('of', (value) => page.choose({ of: value }));
  const headSelect = el('select', { onchange: () => page.choose({ head: headSelect.value }) },
    ...heads.map((head) => el('option', { value: headKey(head) }, headName(head))));
  const exampleSelect = el('select', { 'aria-label': 'Examples', onchange: () => example(exampleSelect.value) },
    el('option', { value: '' }, 'examples'), ...Object.keys(examples).map((name) => el('option', { value: name }, name)));
  const panel = placePanel(page, unit);
  const toToken = (/** @type {number} */ token) => { if (current) focusPlace(current.starts[Math.min(token, current.count - 1)]); };
  const along = alongFigure(page, toToken);
  const strip = headStrip(page, Math.max(200, Math.min(560, 6 * heads.length + 44)), { onToken: toToken, chooseHead });
  const pictures = el('div', { class: 'block later' }, along.element, strip.element);

  /** @param {string} next */
  function typed(next) {
    text = next;
    clearTimeout(pause);
    pause = setTimeout(async () => {
      const address = await addressed(next).catch(() => null);
      if (signal.aborted || text !== next) return;
      const pair = address ?? { text: undefined, stored: undefined };
      choices = { ...choices, ...pair };
      page.choose(pair);
      if (!address) page.complain(new Error('This browser has no room to keep this text: a link will not open it.'));
      read();
    }, typingPause);
  }

  /** @param {string} name */
  function example(name) {
    exampleSelect.value = '';
    const next = examples[/** @type {keyof typeof examples} */ (name)];
    if (next === undefined) return;
    box.set(next);
    typed(next);
  }

  /** Asks the model about the text; an answer to an older text is not waited for. */
  async function read() {
    asked.abort();
    asked = new AbortController();
    const { signal: stale } = asked;
    if (!text) { firstKnown(); return showNothing(); }
    const reduce = Array.from(text).length <= mostForHeads || of() === 'head' ? 'head' : 'layer';
    const fields = [...new Set([usual, 'distance', ...(measure() === 'bits' ? [] : [measure()])])];
    busy(true);
    try {
      const answer = await api.analyse(checkpoint.id, { text, fields, reduce }, AbortSignal.any([stale, signal]));
      if (stale.aborted || signal.aborted) return;
      current = reading(answer, text, checkpoint);
      const shown = show();
      firstKnown();
      await Promise.all([shown, along.drawn, strip.drawn]);
    } catch (error) {
      page.complain(error);
      if (!current) title.textContent = 'This text could not be read.';
    }
    firstKnown();
    if (!stale.aborted && !signal.aborted) busy(false);
  }

  /** @param {boolean} so */
  function busy(so) {
    document.documentElement.dataset.ready = String(!so);
    box.layer.classList.toggle('waiting', so);
  }

  async function show() {
    if (!current) return;
    const shown = { reading: current, measure: measure(), of: of(), chosen: chosen(), unit };
    paint();
    title.textContent = headline(shown, checkpoint.variant);
    subline.textContent = sublines[shown.measure];
    line.textContent = `${status(current, unit)}${note}`;
    pictures.hidden = false;
    const drawn = [along.show(shown), strip.show({ ...shown, measure: shown.measure === 'bits' ? usual : shown.measure })];
    panel.showKinds(shown);
    focusPlace(Math.min(place ?? firstLook(current.characters), current.characters.length - 1));
    await Promise.all(drawn);
  }

  function paint() {
    const values = current?.tokenValues(measure(), of(), chosen());
    if (!current || !values) return;
    const shades = current.characterValues(values, measure());
    const domain = domainOf(shades, measure());
    const tint = tinter();
    box.paint(shades, (value) => tint(position(value, domain)));
    scale.show(domain, measure(), unit);
    scale.element.hidden = false;
  }

  function showNothing() {
    current = undefined;
    title.textContent = 'What should the model read?';
    subline.textContent = 'Paste or type a text, or choose an example: each character is tinted by how far back the heads look.';
    line.textContent = '';
    scale.element.hidden = true;
    pictures.hidden = true;
    panel.clear();
    busy(false);
  }

  /** @param {number | null} index */
  function focusPlace(index) {
    place = index;
    box.mark(index);
    if (!current || index === null || index >= current.characters.length) return;
    panel.show({ reading: current, measure: measure(), of: of(), chosen: chosen(), unit }, index);
    const token = current.lastToken[index];
    along.cursor(token, current.count);
    strip.cursor(token, current.count);
  }

  /** @param {Choices} next */
  function update(next) {
    page.calm();
    const before = choices;
    choices = next;
    showControls();
    const lacks = current && measure() !== 'bits' && !current.fields[measure()];
    const wantsHead = current && of() === 'head' && !current.perHead;
    const elsewhere = (choices.text !== before.text || choices.stored !== before.stored) && recall() !== text;
    if (elsewhere) {
      text = recall();
      box.set(text);
    }
    if (elsewhere || lacks || wantsHead) read();
    else if (choices.show !== before.show || choices.of !== before.of || choices.head !== before.head) show();
  }

  function showControls() {
    const head = chosen();
    toShow.show(names, measure());
    toOf.show({ all: 'all heads', layer: `layer ${head.layer}`, head: headName(head) }, of());
    headSelect.value = headKey(head);
    note = choices.stored ? ' · a long text: this link opens it only in this browser' : '';
  }

  /** The text that the address speaks of. */
  function recall() {
    if (choices.text !== undefined) return choices.text;
    if (!choices.stored) return firstText;
    const found = kept(choices.stored);
    if (found === null) page.complain(new Error('This link’s text is kept in another browser; here is an example in its place.'));
    return found ?? firstText;
  }

  text = recall();
  box.set(text);
  box.followCaret(signal);
  onTheme(paint, signal);
  showControls();
  signal.addEventListener('abort', () => { clearTimeout(pause); asked.abort(); });

  const element = el('div', { class: 'view' },
    el('div', { class: 'pictures' },
      el('header', {}, title, subline),
      el('div', { class: 'block' },
        el('div', { class: 'controls' }, toShow.element, toOf.element, el('label', {}, 'head ', headSelect), exampleSelect, el('span', { class: 'links' }, linkButton())),
        box.element,
        el('div', { class: 'under' }, line, scale.element)),
      pictures),
    panel.element);
  pictures.hidden = true;
  scale.element.hidden = true;
  const drawn = read();
  await known;
  return { element, drawn, update };
}

/** @returns {View} */
const unreadable = () => ({
  element: el('div', { class: 'empty' }, el('h1', { id: 'headline', tabindex: '-1' }, 'This model cannot read a text yet.'),
    el('p', { class: 'soft' }, 'Its checkpoint numbers its symbols without naming them. Import it again with what it was trained on:'),
    el('pre', {}, 'spanscope import FILE.pt --output FOLDER --corpus FILE')),
  drawn: Promise.resolve(),
  update() {},
});

/** The first letter is the one that the model knows least about; begin a little way in. @param {string[]} characters */
const firstLook = (characters) => Math.min(128, characters.length - 1);
