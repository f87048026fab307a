import * as address from './address.js';
import * as api from './api.js';
import { byId, el } from './parts/dom.js';
import { picker } from './parts/picker.js';
import { nextTheme, onTheme, theme } from './theme.js';

const root = document.documentElement;
const place = byId('view', HTMLElement);
const trouble = byId('trouble', HTMLElement);
const themeButton = byId('theme', HTMLButtonElement);
const help = byId('keys', HTMLDialogElement);
const views = {
  spans: () => import('./views/spans.js'),
  text: () => import('./views/text.js'),
};

/** @type {Record<ViewName, Choices>} what each view showed last, to come back to */
const remembered = { spans: {}, text: {} };
/** @type {Checkpoint[]} */
let checkpoints = [];
/** @type {{ view: ViewName, checkpoint: Checkpoint, update: (choices: Choices) => void } | undefined} */
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

const checkpointPicker = picker(byId('picker', HTMLElement), {
  list: listCheckpoints, complain, choose: (checkpoint) => choose({ checkpoint }),
});

/** Shows what the address says. */
async function follow() {
  const { view, choices } = address.read();
  remembered[view] = choices;
  mark(view);
  if (current?.view === view && (choices.checkpoint ?? current.checkpoint.id) === current.checkpoint.id) {
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
  try {
    const [{ build }, checkpoint] = await Promise.all([views[view](), checkpointFor(choices.checkpoint)]);
    if (signal.aborted) return;
    if (!checkpoint) { place.replaceChildren(nothingYet()); return; }
    checkpointPicker.show(checkpoint);
    document.title = `${view === 'spans' ? 'Spans' : 'Text'} · ${checkpoint.title} · Spanscope`;
    const built = await build({ checkpoint, choices, signal, choose, go, complain, calm });
    if (signal.aborted) return;
    place.replaceChildren(built.element);
    current = { view, checkpoint, update: built.update };
    await built.drawn;
    if (!signal.aborted) root.dataset.ready = 'true';
  } catch (error) {
    if (!signal.aborted) complain(error);
  }
}

/** @param {Choices} changes */
function choose(changes) {
  const { view, choices } = address.read();
  address.write(view, { ...choices, checkpoint: current?.checkpoint.id, ...changes }, { push: false });
  follow();
}

/** @param {ViewName} view */
function go(view) {
  const { choices } = address.read();
  address.write(view, { ...remembered[view], checkpoint: choices.checkpoint ?? current?.checkpoint.id, head: choices.head }, { push: true });
  scrollTo(0, 0);
  follow();
}

/** @param {ViewName} view */
function mark(view) {
  const { checkpoint, head } = address.read().choices;
  for (const link of document.querySelectorAll('a[data-view]')) {
    const to = /** @type {ViewName} */ (link.getAttribute('data-view'));
    link.setAttribute('href', address.format(to, { ...remembered[to], checkpoint, head }));
    if (to === view && link.closest('nav')) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

const nothingYet = () =>
  el('div', { class: 'empty' }, el('h1', { id: 'headline', tabindex: '-1' }, 'No checkpoint yet.'),
    el('p', { class: 'soft' }, 'Train one, then open this page again:'), el('pre', {}, 'spanscope train'));

/** @param {number} step */
async function nextCheckpoint(step) {
  const at = checkpoints.findIndex(({ id }) => id === current?.checkpoint.id);
  const next = checkpoints[(at + step + checkpoints.length) % checkpoints.length];
  if (next && next.id !== current?.checkpoint.id) choose({ checkpoint: next.id });
}

const keys = /** @type {Record<string, () => void>} */ ({
  1: () => go('spans'), 2: () => go('text'),
  '[': () => nextCheckpoint(-1), ']': () => nextCheckpoint(1),
  t: nextTheme, '?': () => help.showModal(),
});
document.addEventListener('keydown', (event) => {
  const typing = event.target instanceof Element && event.target.closest('input:not([type=radio]), textarea, select, dialog');
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  keys[event.key]?.();
});

document.addEventListener('click', (event) => {
  const link = event.target instanceof Element && event.target.closest('a[data-view]');
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(/** @type {ViewName} */ (link.getAttribute('data-view')));
});

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
