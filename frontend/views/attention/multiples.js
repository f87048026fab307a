import * as api from '../../api.js';
import { el } from '../../parts/dom.js';
import { plotly, themed } from '../../parts/figure.js';
import { saveLinks } from '../../parts/save.js';
import { colours, onTheme } from '../../theme.js';
import { headKey, headName } from '../../words.js';
import { axis } from './axis.js';
import { weightOf } from './codes.js';
import { distancePool, tileOf } from './levels.js';
import { palette } from './palette.js';
import { paintBand } from './paint.js';

const [wide, high] = [96, 64];
const largestPool = 64;
/** A text is read once for all maps that come within so many milliseconds. */
const gathering = 150;

/**
 * The maps of all heads, small: the last layer at the top as in Spans, one distance axis for all. They are asked for as
 * they come into view, those that come together at once.
 * @param {Page} page
 * @param {Head[]} heads
 * @param {string} unit
 * @param {(head: Head) => void} chooseHead
 */
export function multiples(page, heads, unit, chooseHead) {
  const { layers, heads: across, id, variant, span_limit } = page.checkpoint;
  const reach = variant === 'dynamic' ? span_limit : Math.max(...heads.map(({ span }) => span));
  const ends = variant === 'dynamic' ? '' : ': where the colour ends, the head’s span ends';
  let chosen = heads[0];
  /** @type {import('./subject.js').Subject | undefined} */
  let subject;
  let asked = new AbortController();
  /** @type {Map<string, import('./paint.js').Tile>} */
  let tiles = new Map();
  let waited = /** @type {Set<Head>} */ (new Set());
  let pause = 0;
  let pending = /** @type {Promise<unknown>} */ (Promise.resolve());

  const cells = new Map(heads.map((head) => {
    const canvas = el('canvas', { width: wide, height: high, 'aria-hidden': 'true' });
    const cell = el('div', {
      role: 'gridcell', tabindex: '-1', 'aria-label': `${headName(head)}, span ${Math.round(head.span)} ${unit}s`, title: headName(head), onclick: () => move(head),
    }, canvas);
    return [head, { cell, canvas }];
  }));
  const row = (/** @type {number} */ layer) => el('div', { role: 'row' }, el('span', { role: 'rowheader', class: 'soft' }, `L${layer}`),
    ...heads.filter((head) => head.layer === layer).map((head) => /** @type {HTMLElement} */ (cells.get(head)?.cell)));
  const grid = el('div', {
    id: 'attention-multiples', class: 'multiples', role: 'grid', 'aria-label': 'The map of every head, layer by head', style: `--across:${across}`, onkeydown: keys,
  }, ...[...Array(layers).keys()].toReversed().map(row),
  el('div', { role: 'row', class: 'soft' }, el('span', { role: 'columnheader' }, el('span', { class: 'hidden' }, 'layer')),
    ...[...Array(across).keys()].map((head) => el('span', { role: 'columnheader' }, `H${head}`))));

  const inSight = /** @type {Set<Element>} */ (new Set());
  const sight = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) inSight[isIntersecting ? 'add' : 'delete'](target);
    clearTimeout(pause);
    pause = setTimeout(() => {
      const fresh = heads.filter((head) => inSight.has(/** @type {Element} */ (cells.get(head)?.cell)));
      want(fresh).catch(page.complain);
    }, gathering);
  }, { rootMargin: '200px' });
  onTheme(() => heads.forEach(paint), page.signal);
  page.signal.addEventListener('abort', () => { sight.disconnect(); asked.abort(); clearTimeout(pause); });

  /** Those of some heads that were not asked for yet. @param {Head[]} some */
  function want(some) {
    const fresh = some.filter((head) => !waited.has(head));
    for (const head of fresh) waited.add(head);
    if (subject && fresh.length) pending = Promise.all([pending, fetchMaps(subject, fresh)]);
    return pending;
  }

  /** @param {import('./subject.js').Subject} of @param {Head[]} some */
  async function fetchMaps(of, some) {
    const pools = { pool: Math.min(largestPool, Math.ceil(of.count / wide)), back: distancePool(reach) };
    const { signal } = asked;
    const body = { text: of.text, heads: some.map(({ layer, head }) => ({ layer, head })), form: /** @type {const} */ ('display'), pool: /** @type {[number, number]} */ ([pools.pool, pools.back]) };
    const bands = await api.maps(id, body, AbortSignal.any([signal, page.signal])).catch((error) => {
      for (const head of signal.aborted ? [] : some) waited.delete(head);
      throw error;
    });
    if (signal.aborted) return;
    bands.forEach((band, i) => {
      tiles.set(headKey(some[i]), tileOf(band, [0, of.count], pools));
      paint(some[i]);
    });
  }

  /** @param {Head} head */
  function paint(head) {
    const canvas = cells.get(head)?.canvas;
    const pen = canvas?.getContext('2d');
    const tile = tiles.get(headKey(head));
    if (!canvas || !pen || !tile || !subject) return;
    const ratio = Math.max(1, Math.ceil(devicePixelRatio));
    [canvas.width, canvas.height] = [wide * ratio, high * ratio];
    const picture = pen.createImageData(canvas.width, canvas.height);
    const back = axis([1, reach + 1], canvas.height, true);
    paintBand(new Uint32Array(picture.data.buffer), axis([0, subject.count], canvas.width), back, () => tile, palette());
    pen.putImageData(picture, 0, 0);
    canvas.dataset.drawn = 'true';
  }

  /** @param {Head} head */
  function move(head) {
    chooseHead(head);
    cells.get(head)?.cell.focus();
  }

  /** @param {KeyboardEvent} event */
  function keys(event) {
    const [up, right] = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key] ?? [0, 0];
    if (!(up || right)) return;
    event.preventDefault();
    const next = heads.find(({ layer, head }) => layer === chosen.layer + up && head === chosen.head + right);
    if (next) move(next);
  }

  const links = saveLinks({
    title: () => 'Every head over the text', caption: () => `${id} · ${headName(chosen)}`, complain: page.complain,
    image: async () => {
      await want(heads);
      return { Plotly: await plotly, data: [], layout: picture() };
    },
    rows: async () => {
      await want(heads);
      return [['layer', 'head', 'row', 'to row', 'largest weight', 'at distance'], ...heads.flatMap(largestOf)];
    },
  });

  /** Of each column of a small map, the largest weight. @param {Head} head */
  function largestOf(head) {
    const tile = tiles.get(headKey(head));
    if (!tile) return [];
    return Array.from({ length: Math.ceil((tile.stop - tile.first) / tile.pool) }, (_, i) => {
      const codes = tile.codes.subarray(i * tile.columns, (i + 1) * tile.columns);
      const most = codes.indexOf(Math.max(...codes));
      return [head.layer, head.head, i * tile.pool, Math.min((i + 1) * tile.pool, tile.stop) - 1, Number(weightOf(codes[most]).toPrecision(3)), most * tile.back + 1];
    });
  }

  function picture() {
    const place = { xref: 'paper', yref: 'paper', sizing: 'stretch', sizex: 0.94 / across, sizey: 0.92 / layers };
    const images = heads.filter((head) => tiles.has(headKey(head))).map((head) => ({
      ...place, source: cells.get(head)?.canvas.toDataURL(), x: head.head / across, y: (head.layer + 0.96) / layers,
    }));
    const numbers = (/** @type {number} */ most) => [...Array(most).keys()];
    return themed({
      margin: { l: 40, r: 12, t: 8, b: 32 }, images,
      xaxis: { range: [0, across], showgrid: false, tickvals: numbers(across).map((head) => head + 0.47), ticktext: numbers(across).map((head) => `H${head}`) },
      yaxis: { range: [0, layers], showgrid: false, tickvals: numbers(layers).map((layer) => layer + 0.5), ticktext: numbers(layers).map((layer) => `L${layer}`) },
    }, colours(), across * (wide + 6) + 52, layers * (high + 6) + 40);
  }

  return {
    element: el('section', {}, el('div', { class: 'bar' }, el('h2', {}, 'Every head over the text'), links),
      el('p', { class: 'note' }, `distance downwards from 1 to ${reach}, on a log scale, the same for all${ends}; click one to see it large`),
      el('div', { class: 'wide' }, grid)),
    /** @param {import('./subject.js').Subject} next */
    read(next) {
      asked.abort();
      asked = new AbortController();
      subject = next;
      [tiles, waited, pending] = [new Map(), new Set(), Promise.resolve()];
      sight.disconnect();
      for (const { cell, canvas } of cells.values()) {
        delete canvas.dataset.drawn;
        canvas.getContext('2d')?.clearRect(0, 0, canvas.width, canvas.height);
        sight.observe(cell);
      }
    },
    /** @param {Head} head */
    mark(head) {
      chosen = head;
      for (const [other, { cell }] of cells) {
        cell.setAttribute('aria-selected', String(other === head));
        cell.tabIndex = other === head ? 0 : -1;
      }
    },
  };
}
