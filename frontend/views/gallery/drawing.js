import { count, share } from '../../words.js';

const [width, height] = [240, 48];

/** @param {string} tag @param {Record<string, string | number>} attributes @param {...Node} children */
function svg(tag, attributes, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/**
 * The attention of one head by distance, log axis from 1 to the span limit, as high as the largest bin; a line where its span ends.
 * @param {GalleryHead} head
 * @param {AboutSurvey} about
 */
export function massDrawing({ mass, span }, { edges, unit }) {
  const last = edges[edges.length - 1];
  const x = (/** @type {number} */ distance) => (width * Math.log(Math.min(distance, last))) / Math.log(last);
  const most = Math.max(...mass, 1e-9);
  const steps = mass.map((value, bin) => `V${(height * (1 - value / most)).toFixed(1)}H${x(edges[bin + 1]).toFixed(1)}`).join('');
  const highest = mass.indexOf(Math.max(...mass));
  const label = `Attention by distance: most, ${share(mass[highest])}, on ${count(edges[highest])} to ${count(edges[highest + 1] - 1)} ${unit} back`;
  const end = x(span + 1).toFixed(1);
  return svg('svg', { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': label },
    svg('path', { class: 'mass', d: `M0,${height}${steps}V${height}Z` }),
    svg('path', { class: 'span', d: `M${end},0V${height}`, 'vector-effect': 'non-scaling-stroke' }));
}
