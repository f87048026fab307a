import { colours } from '../theme.js';

/**
 * A figure as one HTML file that opens by itself, without a network: plotly.js is in it.
 * @param {import('./save.js').Image} image
 * @param {string} title
 * @param {string} caption
 */
export async function standalone({ data, layout }, title, caption) {
  const script = document.getElementById('plotly');
  const answer = await fetch(script instanceof HTMLScriptElement ? script.src : '');
  if (!answer.ok) throw new Error('plotly.js could not be fetched.');
  const { width, ...rest } = layout;
  return htmlOf({ data, layout: { ...rest, autosize: true }, width, title, caption, plotly: await answer.text(), colours: colours() });
}

/**
 * @param {{ data: object[], layout: object, width: number, title: string, caption: string, plotly: string, colours: Colours }} parts
 */
export const htmlOf = ({ data, layout, width, title, caption, plotly, colours: { ink, soft, paper } }) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)} · ${escaped(caption)}</title>
<style>
  body { max-width: ${Math.max(640, width)}px; margin: 24px auto; padding: 0 16px; background: ${paper}; color: ${ink}; font: 14px/1.45 system-ui, sans-serif; }
  h1 { font-size: 16px; margin: 0 0 8px; }
  p { color: ${soft}; font-size: 12px; }
</style>
<h1>${escaped(title)}</h1>
<div id="figure"></div>
<p>${escaped(caption)}</p>
<script>${plotly.replace(/<(?=\/script|!--)/gi, '\\x3c')}</script>
<script>Plotly.newPlot('figure', ${inScript(data)}, ${inScript(layout)}, { responsive: true, displaylogo: false });</script>
</html>
`;

/** @param {string} text */
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** @param {object} value as a literal that cannot end its script */
const inScript = (value) => JSON.stringify(value, (_, own) => (ArrayBuffer.isView(own) ? Array.from(/** @type {any} */ (own)) : own)).replaceAll('<', '\\u003c');
