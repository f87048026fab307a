const root = document.documentElement;
const systemDark = matchMedia('(prefers-color-scheme: dark)');
const order = ['auto', 'light', 'dark'];
const changed = new EventTarget();

export const theme = () => root.dataset.theme ?? 'auto';

export function isDark() {
  return theme() === 'auto' ? systemDark.matches : theme() === 'dark';
}

export function nextTheme() {
  const next = order[(order.indexOf(theme()) + 1) % order.length];
  if (next === 'auto') delete root.dataset.theme;
  else root.dataset.theme = next;
  try {
    if (next === 'auto') localStorage.removeItem('theme');
    else localStorage.setItem('theme', next);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  changed.dispatchEvent(new Event('theme'));
}

/**
 * @param {() => void} react
 * @param {AbortSignal} [signal]
 */
export function onTheme(react, signal) {
  changed.addEventListener('theme', react, { signal });
  systemDark.addEventListener('change', react, { signal });
}

/** The colours of the page as figures need them: theme.css says them once. */
export function colours() {
  const style = getComputedStyle(root);
  const value = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: value('ink'), soft: value('soft'), line: value('line'), grid: value('grid'),
    paper: value('paper'), accent: value('accent'), marks: value('marks'), font: value('words'),
    fixed: value('fixed'), adaptive: value('adaptive'), dynamic: value('dynamic'),
  };
}
