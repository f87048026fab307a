import { colours } from '../theme.js';
import { el } from './dom.js';
import { standalone } from './standalone.js';
import { showTable } from './table.js';

/**
 * @typedef {(string | number)[][]} Rows the first one names the columns
 * @typedef {{ Plotly: typeof Plotly, data: object[], layout: Record<string, any> }} Image
 * @typedef {{
 *   title: () => string, caption: () => string, image: () => Promise<Image>,
 *   rows: () => Rows | Promise<Rows>, complain: (error: unknown) => void, also?: HTMLElement[],
 * }} Saved
 */

/** @param {Saved} saved */
export function saveLinks({ title, caption, image, rows, complain, also = [] }) {
  const line = () => `${caption()} · ${new Date().toISOString().slice(0, 10)} · Spanscope`;
  const name = () => `${title()} ${line()}`.toLowerCase().replace(/[^a-z0-9@]+/g, '-').replace(/-$/, '');
  /** @param {'png' | 'svg'} format */
  const asImage = async (format) => {
    const { Plotly, data, layout } = await image();
    const page = captioned(layout, title(), line());
    const address = await Plotly.toImage({ data, layout: page }, { format, width: page.width, height: page.height, scale: 2 });
    download(address, `${name()}.${format}`);
  };
  const asPage = async () => downloadText(await standalone(await image(), title(), line()), 'text/html', `${name()}.html`);
  const asCsv = async () => downloadText(toCsv(await rows()), 'text/csv', `${name()}.csv`);
  const asTable = async () => showTable(title(), caption(), await rows());
  /** @param {string} format @param {() => Promise<void>} save */
  const link = (format, save) =>
    el('button', { type: 'button', class: 'quiet', 'aria-label': `${format} of “${title()}”`, onclick: () => save().catch(complain) }, format);
  return el('span', { class: 'links' },
    link('PNG', () => asImage('png')),
    link('SVG', () => asImage('svg')),
    link('CSV', asCsv),
    link('HTML', asPage),
    link('table', asTable),
    ...also);
}

/** A button that puts the page's address on the clipboard. */
export const linkButton = () => copyButton('link', () => location.href);

/** @param {string} name @param {() => string} text @param {string} [label] */
export function copyButton(name, text, label) {
  const button = el('button', {
    type: 'button', class: 'quiet', 'aria-live': 'polite', 'aria-label': label,
    onclick: async () => {
      await navigator.clipboard.writeText(text());
      button.textContent = 'copied';
      setTimeout(() => { button.textContent = name; }, 1500);
    },
  }, name);
  return button;
}

/**
 * @param {Record<string, any>} layout
 * @param {string} title
 * @param {string} caption
 * @returns {Record<string, any>}
 */
function captioned(layout, title, caption) {
  const { ink, soft, paper } = colours();
  const { t, b } = layout.margin;
  const words = { xref: 'paper', yref: 'paper', x: 0, xanchor: 'left', showarrow: false };
  return {
    ...layout,
    paper_bgcolor: paper,
    height: layout.height + 56,
    margin: { ...layout.margin, t: t + 32, b: b + 24 },
    annotations: [
      ...(layout.annotations ?? []),
      { ...words, text: `<b>${title}</b>`, y: 1, yshift: t + 8, yanchor: 'bottom', font: { size: 14, color: ink } },
      { ...words, text: caption, y: 0, yshift: -b, yanchor: 'top', font: { size: 11, color: soft } },
    ],
  };
}

/** @param {Rows} rows */
export const toCsv = (rows) => rows.map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n';

/** @param {string | number} value */
const cell = (value) => (/[",\r\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));

/** @param {string} text @param {string} type @param {string} name */
export function downloadText(text, type, name) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  download(address, name);
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

/** @param {string} address @param {string} name */
function download(address, name) {
  el('a', { href: address, download: name }).click();
}
