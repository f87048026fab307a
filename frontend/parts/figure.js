import { colours, onTheme } from '../theme.js';
import { el } from './dom.js';
import { saveLinks } from './save.js';

const config = { displayModeBar: false, responsive: false, showTips: false, doubleClick: false };

/** The same in every figure of the wide column, so that pictures over each other share their x axis. */
export const margin = { l: 56, r: 64, t: 8, b: 36 };

/** @type {Promise<typeof Plotly>} */
export const plotly = new Promise((resolve, reject) => {
  const script = document.getElementById('plotly');
  if (window.Plotly) resolve(window.Plotly);
  script?.addEventListener('load', () => resolve(Plotly));
  script?.addEventListener('error', () => reject(new Error('plotly.js did not load.')));
});
plotly.catch(() => {});

/** First drawings take turns, so that one is seen before the next is begun. */
let last = Promise.resolve();
function turn() {
  const mine = last;
  last = mine.then(() => new Promise((resolve) => { setTimeout(resolve); }));
  return mine;
}

/**
 * @typedef {{ x: number, y: number, customdata?: any, pointIndex?: number, curveNumber: number }} Point
 * @typedef {{
 *   id?: string, title: string, note?: string, level?: 2 | 3, height: number | ((width: number) => number), page: Frame,
 *   caption: () => string, rows: () => (string | number)[][],
 *   links?: HTMLElement[], over?: HTMLElement, onPoint?: (point: Point, event: MouseEvent) => void, onHover?: (point: Point) => void,
 * }} About
 */

/**
 * A figure with its title and the links that save it, redrawn when its place or the theme changes.
 * @param {About} about
 */
export function figure(about) {
  const { page } = about;
  const height = () => (typeof about.height === 'number' ? about.height : about.height(width || innerWidth));
  let width = 0;
  const plot = el('div', { id: about.id, class: 'plot', role: 'img', 'aria-label': about.title, style: `height:${height()}px` });
  const heading = el(about.level === 3 ? 'h3' : 'h2', {}, about.title);
  const note = el('p', { class: 'note' }, about.note ?? '');
  /** @type {((colours: Colours, width: number) => Drawing) | undefined} */
  let make;
  let listening = false;
  /** @type {(value?: unknown) => void} */
  let firstDrawn;
  const drawn = new Promise((resolve) => { firstDrawn = resolve; });

  const drawing = () => {
    const palette = colours();
    const { data, layout } = /** @type {NonNullable<typeof make>} */ (make)(palette, width);
    return { data, layout: themed(layout, palette, width, height()) };
  };

  async function draw() {
    if (!make || !width) return;
    const Plotly = await plotly;
    if (!listening) await turn();
    const { data, layout } = drawing();
    plot.style.height = `${layout.height}px`;
    await Plotly.react(plot, data, layout, config);
    if (!listening) {
      listen(plot, about);
      performance.mark('figure drawn'); // what make bench-page waits for
    }
    listening = true;
    firstDrawn();
  }
  const redraw = () => draw().catch(page.complain);

  const places = new ResizeObserver(() => {
    if (plot.clientWidth === width) return;
    width = plot.clientWidth;
    redraw();
  });
  places.observe(plot);
  page.signal.addEventListener('abort', () => places.disconnect());
  onTheme(redraw, page.signal);

  const links = saveLinks({
    title: () => heading.textContent ?? '', caption: about.caption, rows: about.rows, complain: page.complain, also: about.links,
    image: async () => ({ Plotly: await plotly, ...drawing() }),
  });
  return {
    element: el('figure', {}, el('div', { class: 'bar' }, heading, links), note, el('div', { class: 'linked' }, plot, about.over ?? '')),
    plot,
    drawn,
    /** @param {(colours: Colours, width: number) => Drawing} next @param {{ title?: string, note?: string, label?: string }} [words] */
    show(next, words = {}) {
      make = next;
      if (!listening) plot.style.height = `${height()}px`; // what is under it stays where it is
      if (words.title) heading.textContent = words.title;
      if (words.note !== undefined) note.textContent = words.note;
      plot.setAttribute('aria-label', words.label ?? heading.textContent ?? '');
      return redraw();
    },
  };
}

/** @param {HTMLElement & { on?: Function }} plot @param {About} about */
function listen(plot, { onPoint, onHover }) {
  if (onPoint) plot.on?.('plotly_click', (/** @type {{ points: Point[], event: MouseEvent }} */ { points, event }) => onPoint(points[0], event));
  if (onHover) plot.on?.('plotly_hover', (/** @type {{ points: Point[] }} */ event) => onHover(event.points[0]));
}

/**
 * @param {Record<string, any>} layout
 * @param {Colours} palette
 * @param {number} width
 * @param {number} height
 */
export function themed(layout, palette, width, height) {
  const axis = {
    gridcolor: palette.grid, showline: false, zeroline: false, fixedrange: true, ticks: '',
    tickfont: { color: palette.soft }, title: { standoff: 8 },
  };
  /** @param {Record<string, any>} own */
  const dressed = (own = {}) => ({
    ...axis, ...own, title: { ...axis.title, ...(typeof own.title === 'string' ? { text: own.title } : own.title) },
  });
  const axes = Object.keys({ xaxis: 0, yaxis: 0, ...layout }).filter((key) => /^[xy]axis\d*$/.test(key));
  return {
    margin, showlegend: false, hovermode: 'closest', dragmode: false, ...layout,
    width, height, paper_bgcolor: 'transparent', plot_bgcolor: 'transparent',
    font: { family: palette.font, size: 12, color: palette.soft },
    hoverlabel: { bgcolor: palette.paper, bordercolor: palette.line, font: { color: palette.ink, size: 12 }, align: 'left' },
    ...Object.fromEntries(axes.map((key) => [key, dressed(layout[key])])),
  };
}
