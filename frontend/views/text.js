import * as api from '../api.js';
import { el } from '../parts/dom.js';
import { fileChoice } from '../parts/file.js';
import { recall } from '../parts/kept-texts.js';
import { domainOf } from '../parts/measures.js';
import { position, tinter } from '../parts/scale.js';
import { tintScale } from '../parts/tint-scale.js';
import { unreadable } from '../parts/unreadable.js';
import { onTheme } from '../theme.js';
import { count, headKey, unitOf } from '../words.js';
import { attending } from './text/attending.js';
import { chosenFrom } from './text/choices.js';
import { continuation } from './text/continuation.js';
import { controls } from './text/controls.js';
import { editor } from './text/editor.js';
import { keeping } from './text/keeping.js';
import { placePanel } from './text/panel.js';
import { textLinks } from './text/picture.js';
import { pictures } from './text/pictures.js';
import { reader } from './text/reader.js';
import { reading } from './text/reading.js';
import { whatIfLine } from './text/what-if.js';
import { headline, status, sublines } from './text/words.js';

/** Figures wait until typing rests: they take longer to draw than a key to press. */
const rest = 400;
/** Longer texts are asked for layer by layer, so that an answer stays small. */
const mostForHeads = 2000;

/**
 * How far back does each character look?
 * @param {Page} page
 * @returns {Promise<View>}
 */
export async function build(page) {
  const { checkpoint, signal } = page;
  if (checkpoint.alphabet === 'unknown') return unreadable();
  const [{ heads }, limits] = await Promise.all([api.spans(checkpoint.id), api.limits()]);
  const unit = unitOf(checkpoint);
  const usual = checkpoint.variant === 'dynamic' ? 'span' : 'distance';

  let choices = page.choices;
  let chosen = chosenFrom(choices, checkpoint, heads, usual);
  let text = '';
  let place = /** @type {number | null} */ (null);
  /** @type {import('./text/reading.js').Reading | undefined} */
  let current;
  let resting = 0;
  let pause = 0;
  /** The headline and all under it jump less where the first answer is waited for. */
  const { promise: known, resolve: firstKnown } = /** @type {PromiseWithResolvers<void>} */ (Promise.withResolvers());

  const chooseHead = (/** @type {{ layer: number, head: number }} */ head) => page.choose({ head: headKey(head) });

  const title = el('h1', { id: 'headline', tabindex: '-1' }, 'Reading the text…');
  const subline = el('p', { class: 'sub' });
  const line = el('span', { id: 'text-status', role: 'status' });
  const scale = tintScale();
  const box = editor({ most: limits.characters, onText: typed, onPlace: focusPlace, onPick: (...place) => attention.pick(...place), onScroll: () => attention.nameEdges() });
  const attention = attending(page, { heads, box, chosen: () => chosen, place: () => place });
  const panel = placePanel(page, unit, attention.lists);
  const figures = pictures(page, { rows: heads.length, usual, chooseHead, chooseBeside: attention.chooseBeside, onToken: toToken });
  const whatIf = whatIfLine(page, unit);
  const kept = keeping(page, (now) => {
    choices = { ...choices, ...now };
    kept.long(choices.stored !== undefined, text);
  });
  const file = fileChoice(attention.element, { most: limits.characters, onText: replace, complain: page.complain });
  const bar = controls(page, { heads, file: file.button, links: textLinks(page, painted), onExample: replace });
  const writing = continuation(page, { unit, most: limits.continuation, text: () => text, cuts: () => chosen.cuts, append });

  const { promise: drawn, resolve: firstDrawn } = Promise.withResolvers();
  const reads = reader(page, { fields: ['span', 'distance', 'outside'], onRead: take, onFail: fail });
  const readsUncut = reader(page, { fields: [], onFail: page.complain, onRead: ({ raw }) => showWhatIf(raw.columns.bits.values) });

  /** @param {string} next */
  function typed(next) {
    writing.stop();
    change(next, rest);
  }

  /** By an example or a file. @param {string} next */
  function replace(next) {
    writing.stop();
    box.set(next);
    change(next, 0);
  }

  /** By the model. @param {string} more */
  function append(more) {
    change(box.append(more), rest);
  }

  /** @param {string} next @param {number} wait */
  function change(next, wait) {
    text = next;
    choices = { ...choices, at: undefined };
    chosen = chosenFrom(choices, checkpoint, heads, usual);
    read(wait);
    kept.keep(text, () => ({ at: choices.at, written: box.layer.byModel().map((run) => run.join('-')).join(',') || undefined }));
  }

  /** @param {number} wait how long the figures do */
  function read(wait) {
    page.calm();
    pause = wait;
    attention.clear();
    const characters = Array.from(text);
    writing.enable(characters.length > 0);
    if (!characters.length) return showNothing();
    busy(true);
    if (characters.length > limits.characters) {
      return fail(new Error(`The text has ${count(characters.length)} characters; at most ${count(limits.characters)} are read at once.`));
    }
    return reads.want({ characters, cuts: chosen.cuts, reduce: characters.length <= mostForHeads || chosen.of === 'head' ? 'head' : 'layer' });
  }

  /** @param {import('./text/reader.js').Known} known @param {boolean} whole */
  function take(known, whole) {
    current = reading(known, checkpoint);
    paint();
    line.textContent = status(current, unit);
    clearTimeout(resting);
    resting = setTimeout(() => show(whole), whole ? pause : rest);
    if (whole && chosen.cuts.length) readsUncut.want({ characters: known.characters, reduce: 'all', cuts: [] });
    showWhatIf();
  }

  /** @param {unknown} error */
  function fail(error) {
    reads.forget();
    page.complain(error);
    if (!current) title.textContent = 'This text could not be read.';
    firstKnown();
    busy(false);
  }

  /** @param {boolean} so */
  function busy(so) {
    document.documentElement.dataset.ready = String(!so);
    box.layer.element.classList.toggle('waiting', so);
    if (!so) firstDrawn(undefined);
  }

  /** @param {boolean} [whole] */
  async function show(whole = true) {
    if (!current) return;
    const shown = { reading: current, unit, ...chosen };
    paint();
    title.textContent = headline(shown, checkpoint.variant);
    subline.textContent = sublines[chosen.measure];
    kept.long(choices.stored !== undefined, text);
    const drawn = figures.show(shown);
    firstKnown();
    focusPlace(Math.min(place ?? chosen.held[0] ?? firstLook(current.characters), current.characters.length - 1));
    if (current.characters.length === box.layer.count()) attention.show(current);
    await drawn;
    if (whole && !signal.aborted) busy(false);
  }

  /** The measure of each character, and what the tints stand for. */
  function painted() {
    const tokens = current?.tokenValues(chosen.measure, chosen.of, chosen.chosen);
    if (!current || !tokens) return undefined;
    const values = current.characterValues(tokens, chosen.measure);
    return { ...chosen, characters: current.characters, values, domain: domainOf(values, chosen.measure) };
  }

  function paint() {
    const now = painted();
    if (!now) return;
    const { values, domain } = now;
    const tint = tinter();
    box.layer.paint(values, (value) => tint(position(value, domain)));
    scale.show(domain, chosen.measure, unit);
    scale.element.hidden = false;
  }

  /** @param {Float32Array} [uncut] */
  const showWhatIf = (uncut) => whatIf.show(chosen.cuts, current?.tokenValues('bits', 'all', chosen.chosen) ?? undefined, uncut);

  function showNothing() {
    current = undefined;
    reads.forget();
    clearTimeout(resting);
    title.textContent = 'What should the model read?';
    subline.textContent = 'Paste or type a text, or choose an example: each character is tinted by how far back the heads look.';
    line.textContent = '';
    scale.element.hidden = true;
    figures.element.hidden = true;
    panel.clear();
    firstKnown();
    busy(false);
  }

  /** @param {number | null} index @param {boolean} [shift] */
  function focusPlace(index, shift = false) {
    place = index;
    box.mark(index);
    attention.look(index, shift);
    if (!current || index === null || index >= current.characters.length) return;
    panel.show({ reading: current, unit, ...chosen }, index);
    const token = current.lastToken[index];
    figures.cursor(token, current.count);
  }

  /** @param {number} token */
  function toToken(token) {
    if (current) focusPlace(current.starts[Math.min(token, current.count - 1)]);
  }

  /** @param {Choices} next */
  function update(next) {
    const [before, was] = [choices, chosen];
    choices = next;
    chosen = chosenFrom(choices, checkpoint, heads, usual);
    showControls();
    const elsewhere = (choices.text !== before.text || choices.stored !== before.stored) && recall(choices, page.complain) !== text;
    if (elsewhere) setText();
    const moreHeads = current && chosen.of === 'head' && !current.perHead;
    if (elsewhere || moreHeads || choices.cuts !== before.cuts) read(0);
    else if (chosen.measure !== was.measure || chosen.of !== was.of || chosen.chosen !== was.chosen) show();
    else if (['at', 'way', 'share', 'beside'].some((name) => choices[/** @type {keyof Choices} */ (name)] !== before[/** @type {keyof Choices} */ (name)])) attention.show();
  }

  function showControls() {
    bar.show(chosen);
    attention.showControls();
  }

  /** Takes the text from the address. */
  function setText() {
    text = recall(choices, page.complain);
    box.set(text);
    box.layer.markByModel(chosen.written);
  }

  setText();
  box.followCaret(signal);
  onTheme(paint, signal);
  showControls();
  signal.addEventListener('abort', () => clearTimeout(resting));

  const element = el('div', { class: 'view' },
    el('div', { class: 'pictures' },
      el('header', {}, title, subline, whatIf.element),
      el('div', { class: 'block' },
        bar.element, attention.element, attention.lines,
        el('div', { class: 'under' }, el('span', {}, line, kept.note, file.told), scale.element),
        attention.controls, writing.element),
      figures.element),
    panel.element);
  scale.element.hidden = true;
  read(0);
  await known;
  return { element, drawn, update };
}

/** The first letter is the one that the model knows least about; begin a little way in. @param {string[]} characters */
const firstLook = (characters) => Math.min(128, characters.length - 1);
