import { plotly, themed } from '../../parts/figure.js';
import { linkButton, saveLinks } from '../../parts/save.js';
import { css, position, tinter } from '../../parts/scale.js';
import { colours } from '../../theme.js';
import { headName } from '../../words.js';
import { measures } from '../../parts/measures.js';

const widest = 88;
const [cellWidth, cellHeight] = [10, 22];

/** @typedef {{ characters: string[], values: Float32Array, domain: import('../../parts/scale.js').Domain } & Pick<import('./choices.js').Chosen, 'chosen' | 'measure' | 'of'>} Painted */

/** The links that save the tinted text. @param {Page} page @param {() => Painted | undefined} painted */
export function textLinks({ checkpoint, complain }, painted) {
  const what = (/** @type {Painted} */ { measure, of, chosen }) =>
    `${measures[measure].title.toLowerCase()} of ${{ all: 'all heads', layer: `layer ${chosen.layer}`, head: headName(chosen) }[of]}`;
  return saveLinks({
    title: () => 'Text', caption: () => { const now = painted(); return `${checkpoint.id}${now ? ` · ${what(now)}` : ''}`; }, complain, also: [linkButton()],
    rows: () => { const now = painted(); return [['place', 'character', now?.measure ?? ''], ...(now?.characters ?? []).map((character, i) => [i, character, now?.values[i] ?? NaN])]; },
    image: async () => ({ Plotly: await plotly, ...drawing(painted()) }),
  });
}

/** @param {Painted | undefined} painted */
function drawing(painted) {
  const { characters = [], values, domain } = painted ?? {};
  const tint = tinter();
  const { ink } = colours();
  let [x, y] = [0, 0];
  const places = characters.map((character) => {
    const place = { x, y };
    x++;
    if (character === '\n' || x === widest) [x, y] = [0, y + 1];
    return place;
  });
  const [across, down] = [Math.max(48, places.reduce((most, place) => Math.max(most, place.x + 1), 0)), places.length ? places[places.length - 1].y + 1 : 1];
  const cells = Array.from({ length: down }, () => /** @type {(number | null)[]} */ (Array(across).fill(null)));
  places.forEach(({ x: column, y: line }, i) => {
    if (values && domain && characters[i] !== '\n' && Number.isFinite(values[i])) cells[line][column] = position(values[i], domain);
  });
  const stops = [0, 0.25, 0.5, 0.75, 1];
  return {
    data: [
      { type: 'heatmap', z: cells, zmin: 0, zmax: 1, colorscale: stops.map((stop) => [stop, css(tint(stop))]), showscale: false, xgap: 0, ygap: 3 },
      {
        type: 'scatter', mode: 'text', x: places.map((place) => place.x), y: places.map((place) => place.y),
        text: characters.map((character) => ({ '<': '&lt;', '&': '&amp;', '\n': '' })[character] ?? character),
        textfont: { family: 'monospace', size: 14, color: ink },
      },
    ],
    layout: themed({
      margin: { l: 16, r: 16, t: 8, b: 16 },
      xaxis: { visible: false, range: [-0.5, across - 0.5] }, yaxis: { visible: false, range: [down - 0.5, -0.5] },
    }, colours(), cellWidth * across + 32, cellHeight * down + 24),
  };
}
