const root = document.documentElement;
const systemDark = matchMedia('(prefers-color-scheme: dark)');
const themes = ['auto', 'light', 'dark'];
const palettes = ['viridis', 'cividis'];
const changed = new EventTarget();

export const theme = () => root.dataset.theme ?? 'auto';

export function isDark() {
  return theme() === 'auto' ? systemDark.matches : theme() === 'dark';
}

export const nextTheme = () => next('theme', themes, theme());

/** The colour scale of spans and of attention. */
export const palette = () => root.dataset.palette ?? palettes[0];

export const nextPalette = () => next('palette', palettes, palette());

/** @param {'theme' | 'palette'} name @param {string[]} order the usual one first @param {string} now */
function next(name, order, now) {
  const chosen = order[(order.indexOf(now) + 1) % order.length];
  const usual = chosen === order[0];
  if (usual) delete root.dataset[name];
  else root.dataset[name] = chosen;
  try {
    if (usual) localStorage.removeItem(name);
    else localStorage.setItem(name, chosen);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  changed.dispatchEvent(new Event('theme'));
}

/**
 * @param {() => void} react to another theme or colour scale
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
