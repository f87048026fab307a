import * as api from '../api.js';
import { el } from '../parts/dom.js';
import { position, tinter } from '../parts/scale.js';
import { onTheme } from '../theme.js';
import { count, headKey, unitOf } from '../words.js';
import { alongFigure } from './text/along.js';
import { attentionRows } from './text/attention.js';
import { callers } from './text/calls.js';
import { chosenFrom } from './text/choices.js';
import { continuation } from './text/continuation.js';
import { controls } from './text/controls.js';
import { edges } from './text/edges.js';
import { editor } from './text/editor.js';
import { fileChoice } from './text/file.js';
import { keeping, recall } from './text/keeping.js';
import { looking } from './text/looking.js';
import { placePanel } from './text/panel.js';
import { rays } from './text/rays.js';
import { reader } from './text/reader.js';
import { domainOf, reading } from './text/reading.js';
import { tintScale } from './text/scale.js';
import { headStrip } from './text/strip.js';
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
  let chosen = chosenFrom(choices, heads, usual);
  let text = '';
  let place = /** @type {number | null} */ (null);
  /** @type {import('./text/reading.js').Reading | undefined} */
  let current;
  let resting = 0;
  let pause = 0;

  const chooseHead = (/** @type {{ layer: number, head: number }} */ head) => page.choose({ head: headKey(head) });
  const reachOf = (/** @type {{ layer: number, head: number }} */ { layer, head }) =>
    (checkpoint.variant === 'dynamic' ? checkpoint.span_limit : heads.find((one) => one.layer === layer && one.head === head)?.span ?? checkpoint.span_limit);

  const title = el('h1', { id: 'headline', tabindex: '-1' }, 'Reading the text…');
  const subline = el('p', { class: 'sub' });
  const line = el('span', { id: 'text-status', role: 'status' });
  const scale = tintScale();
  const box = editor({ most: limits.characters, onText: typed, onPlace: focusPlace, onPick: pick, onScroll: () => ray.nameEdges() });
  const sight = edges(box.element);
  const rows = attentionRows(page, { reachOf, onRows: () => ray.draw() });
  const look = looking(page, { heads, onLock: () => pick(chosen.held.length ? null : place, false), onShare: (percent) => showRays(percent / 100), chooseBeside });
  const ray = rays(page, { box, rows, reachOf, edges: sight, onRays: (drawn) => look.show(drawn, current, chosen.held.length > 0) });
  const panel = placePanel(page, unit, look.lists);
  const toToken = (/** @type {number} */ token) => { if (current) focusPlace(current.starts[Math.min(token, current.count - 1)]); };
  const along = alongFigure(page, toToken);
  const strip = headStrip(page, Math.max(200, Math.min(560, 6 * heads.length + 44)), { onToken: toToken, chooseHead, chooseBeside });
  const calls = callers();
  const whatIf = whatIfLine(page, unit);
  const kept = keeping(page, (now) => { choices = { ...choices, ...now }; });
  const file = fileChoice(sight.element, { most: limits.characters, onText: replace, complain: page.complain });
  const bar = controls(page, { heads, file: file.button, onExample: replace });
  const writing = continuation(page, { unit, most: limits.continuation, text: () => text, cuts: () => chosen.cuts, append });
  const pictures = el('div', { class: 'block later' }, along.element, strip.element, calls.element);

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
    chosen = chosenFrom(choices, heads, usual);
    read(wait);
    kept.keep(text, () => ({ at: choices.at, written: box.layer.byModel().map((run) => run.join('-')).join(',') || undefined }));
  }

  /** @param {number} wait how long the figures do */
  function read(wait) {
    page.calm();
    pause = wait;
    ray.clear();
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
    pictures.hidden = false;
    kept.long(choices.stored !== undefined, text);
    const figures = [along.show(shown), strip.show({ ...shown, measure: shown.measure === 'bits' ? usual : shown.measure })];
    calls.show(shown);
    focusPlace(Math.min(place ?? firstLook(current.characters), current.characters.length - 1));
    showRays();
    await Promise.all([...figures, along.drawn, strip.drawn]);
    if (whole && !signal.aborted) busy(false);
  }

  function paint() {
    const values = current?.tokenValues(chosen.measure, chosen.of, chosen.chosen);
    if (!current || !values) return;
    const shades = current.characterValues(values, chosen.measure);
    const domain = domainOf(shades, chosen.measure);
    const tint = tinter();
    box.layer.paint(shades, (value) => tint(position(value, domain)));
    scale.show(domain, chosen.measure, unit);
    scale.element.hidden = false;
  }

  /** @param {number} [share] */
  function showRays(share = chosen.share / 100) {
    if (!current || current.characters.length !== box.layer.count()) return;
    rows.over(current, chosen.cuts);
    ray.show({ ...chosen, reading: current, share, heads: [chosen.chosen, ...(chosen.beside ? [chosen.beside] : [])] });
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
    pictures.hidden = true;
    panel.clear();
    busy(false);
  }

  /** @param {number | null} index @param {boolean} [shift] */
  function focusPlace(index, shift = false) {
    place = index;
    box.mark(index);
    ray.look(index, shift);
    if (!current || index === null || index >= current.characters.length) return;
    panel.show({ reading: current, unit, ...chosen }, index);
    const token = current.lastToken[index];
    along.cursor(token, current.count);
    strip.cursor(token, current.count);
  }

  /** Locks a place, frees it again, or adds a second one. @param {number | null} index @param {boolean} more */
  function pick(index, more) {
    const { held } = chosen;
    const next = index === null ? [] : more && held.length && held[0] !== index ? [held[0], index] : held.length === 1 && held[0] === index ? [] : [index];
    if (held.length || next.length) page.choose({ at: next.join() || undefined, ...(next.length > 1 ? { beside: undefined } : {}) });
  }

  /** @param {string} key */
  function chooseBeside(key) {
    const [first] = chosen.held;
    page.choose({ beside: key || undefined, ...(key && first !== undefined ? { at: String(first) } : {}) });
  }

  /** @param {Choices} next */
  function update(next) {
    const [before, was] = [choices, chosen];
    choices = next;
    chosen = chosenFrom(choices, heads, usual);
    showControls();
    const elsewhere = (choices.text !== before.text || choices.stored !== before.stored) && recall(choices, page.complain) !== text;
    if (elsewhere) setText();
    const moreHeads = current && chosen.of === 'head' && !current.perHead;
    if (elsewhere || moreHeads || choices.cuts !== before.cuts) read(0);
    else if (chosen.measure !== was.measure || chosen.of !== was.of || chosen.chosen !== was.chosen) show();
    else if (['at', 'way', 'share', 'beside'].some((name) => choices[/** @type {keyof Choices} */ (name)] !== before[/** @type {keyof Choices} */ (name)])) showRays();
  }

  function showControls() {
    bar.show(chosen);
    look.choose(chosen);
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
  document.addEventListener('keydown', ({ key, target }) => {
    if (key === 'Escape' && chosen.held.length && !(target instanceof Element && target.closest('dialog, #picker'))) pick(null, false);
  }, { signal });
  showControls();
  signal.addEventListener('abort', () => clearTimeout(resting));

  const element = el('div', { class: 'view' },
    el('div', { class: 'pictures' },
      el('header', {}, title, subline, whatIf.element),
      el('div', { class: 'block' },
        bar.element, sight.element, look.lines,
        el('div', { class: 'under' }, el('span', {}, line, kept.note, ' ', file.told), scale.element),
        look.controls, writing.element),
      pictures),
    panel.element);
  pictures.hidden = true;
  scale.element.hidden = true;
  read(0);
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
