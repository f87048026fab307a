import * as address from './address.js';
import * as api from './api.js';
import { byId, el } from './parts/dom.js';
import { picker } from './parts/picker.js';
import * as requests from './requests.js';
import { nextTheme, onTheme, theme } from './theme.js';
import { entryOf, isView, viewNames } from './views.js';

const root = document.documentElement;
const place = byId('view', HTMLElement);
const trouble = byId('trouble', HTMLElement);
const themeButton = byId('theme', HTMLButtonElement);
const help = byId('keys', HTMLDialogElement);

/** What each view showed last, to come back to. */
const remembered = /** @type {Record<ViewName, Choices>} */ (Object.fromEntries(viewNames.map((name) => [name, {}])));
/** @type {Choices} what the views of a checkpoint hand on to each other */
let shared = {};
/** @type {Choices} and those that read a text */
let sharedText = {};
/** @type {Checkpoint[]} */
let checkpoints = [];
/** @type {{ view: ViewName, checkpoint?: Checkpoint, update: (choices: Choices) => void } | undefined} */
let current;
let opened = new AbortController();

/** @param {unknown} error */
function complain(error) {
  if (error instanceof Error && error.name === 'AbortError') return;
  trouble.textContent = error instanceof Error ? error.message : String(error);
}
const calm = () => { trouble.textContent = ''; };

async function listCheckpoints() {
  checkpoints = await api.checkpoints();
  return checkpoints;
}

/** @param {string | undefined} wanted */
async function checkpointFor(wanted) {
  if (!checkpoints.length) await listCheckpoints();
  const listed = checkpoints.find(({ id }) => id === wanted);
  if (listed || !wanted) return listed ?? checkpoints[0];
  return api.checkpoint(wanted).catch((error) => (complain(error), checkpoints[0]));
}

const checkpointPicker = picker(byId('picker', HTMLElement), { list: listCheckpoints, complain, choose: chooseCheckpoint });

/** @param {string} checkpoint */
function chooseCheckpoint(checkpoint) {
  if (isFree(address.read().view)) go('spans', { checkpoint });
  else choose({ checkpoint });
}

/** @param {ViewName} view whether it opens without a checkpoint */
const isFree = (view) => entryOf(view).free === true;

/** @param {ViewName} view what the others hand on to it: a head chosen anywhere is chosen everywhere */
function handedTo(view) {
  if (isFree(view)) return shared.head ? { head: shared.head } : {};
  return { ...shared, ...(entryOf(view).reads ? sharedText : {}) };
}

/** Shows what the address says. */
async function follow() {
  const { view, choices } = address.read();
  remembered[view] = choices;
  shared = isFree(view)
    ? { ...shared, head: choices.head ?? shared.head }
    : { checkpoint: choices.checkpoint, head: choices.head, cuts: choices.cuts };
  if (entryOf(view).reads) sharedText = { text: choices.text, stored: choices.stored };
  mark(view);
  const same = isFree(view) || (choices.checkpoint ?? current?.checkpoint?.id) === current?.checkpoint?.id;
  if (current?.view === view && same) {
    current.update(choices);
    return;
  }
  await open(view, choices);
}

/**
 * @param {ViewName} view
 * @param {Choices} choices
 */
async function open(view, choices) {
  opened.abort();
  opened = new AbortController();
  const { signal } = opened;
  root.dataset.view = view;
  root.dataset.ready = 'false';
  calm();
  if (view !== 'api') requests.begin(view);
  try {
    const built = await build(view, { choices, signal, choose, go, complain, calm });
    if (signal.aborted) return;
    place.replaceChildren(built?.element ?? nothingYet());
    if (!built) return;
    current = { view, checkpoint: built.checkpoint, update: built.update };
    await built.drawn;
    if (!signal.aborted) root.dataset.ready = 'true';
  } catch (error) {
    if (!signal.aborted) complain(error);
  }
}

/**
 * The view, or nothing where it needs a checkpoint and there is none.
 * @param {ViewName} name
 * @param {Frame} frame
 * @returns {Promise<View & { checkpoint?: Checkpoint } | undefined>}
 */
async function build(name, frame) {
  const view = entryOf(name);
  if (view.free) {
    checkpointPicker.show(undefined);
    document.title = `${view.title} · Spanscope`;
    return (await view.module()).build(frame);
  }
  const [module, checkpoint] = await Promise.all([view.module(), checkpointFor(frame.choices.checkpoint)]);
  if (!checkpoint || frame.signal.aborted) return undefined;
  checkpointPicker.show(checkpoint);
  document.title = `${view.title} · ${checkpoint.title} · Spanscope`;
  return { ...await module.build({ ...frame, checkpoint }), checkpoint };
}

/** @param {Choices} changes */
function choose(changes) {
  const { view, choices } = address.read();
  const own = isFree(view) ? {} : { checkpoint: current?.checkpoint?.id };
  address.write(view, { ...choices, ...own, ...changes }, { push: false });
  follow();
}

/** @param {ViewName} view @param {Choices} [changes] */
function go(view, changes) {
  const own = isFree(view) ? {} : { checkpoint: shared.checkpoint ?? current?.checkpoint?.id };
  address.write(view, { ...remembered[view], ...handedTo(view), ...own, ...changes }, { push: true });
  scrollTo(0, 0);
  follow();
}

/** @param {ViewName} view */
function mark(view) {
  for (const link of document.querySelectorAll('a[data-view]')) {
    const to = link.getAttribute('data-view') ?? '';
    if (!isView(to)) continue;
    link.setAttribute('href', address.format(to, { ...remembered[to], ...handedTo(to) }));
    if (to === view && link.closest('nav')) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

const nothingYet = () =>
  el('div', { class: 'empty' }, el('h1', { id: 'headline', tabindex: '-1' }, 'No checkpoint yet.'),
    el('p', { class: 'soft' }, 'Train one, then open this page again:'), el('pre', {}, 'spanscope train'));

/** @param {number} step */
async function nextCheckpoint(step) {
  const at = checkpoints.findIndex(({ id }) => id === current?.checkpoint?.id);
  const next = checkpoints[(at + step + checkpoints.length) % checkpoints.length];
  if (current?.checkpoint && next && next.id !== current.checkpoint.id) choose({ checkpoint: next.id });
}

const keys = /** @type {Record<string, () => void>} */ ({
  ...Object.fromEntries(viewNames.map((name) => [entryOf(name).key, () => go(name)])),
  '[': () => nextCheckpoint(-1), ']': () => nextCheckpoint(1),
  t: nextTheme, '?': () => help.showModal(),
});
document.addEventListener('keydown', (event) => {
  const typing = event.target instanceof Element && event.target.closest('input:not([type=radio]), textarea, select, dialog');
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  keys[event.key]?.();
});

document.addEventListener('click', (event) => {
  const name = event.target instanceof Element && event.target.closest('a[data-view]')?.getAttribute('data-view');
  if (!name || !isView(name) || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(name);
});

byId('views', HTMLElement).prepend(...viewNames.map((name) => el('a', { href: `/${name}`, 'data-view': name }, entryOf(name).title)));
byId('keys-list', HTMLElement).prepend(el('div', {}, el('dt', {}, viewNames.map((name) => entryOf(name).title).join(', ')),
  el('dd', {}, ...viewNames.flatMap((name) => [el('kbd', {}, entryOf(name).key), ' ']))));

const nameTheme = () => { themeButton.textContent = `◐ ${theme()}`; themeButton.setAttribute('aria-label', `Theme: ${theme()}`); };
themeButton.addEventListener('click', nextTheme);
onTheme(nameTheme);
nameTheme();
byId('help', HTMLButtonElement).addEventListener('click', () => help.showModal());
byId('skip', HTMLAnchorElement).addEventListener('click', (event) => {
  event.preventDefault(); // its fragment would replace the state
  document.getElementById('headline')?.focus();
});
addEventListener('popstate', follow);

follow();
