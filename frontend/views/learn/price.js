import { el } from '../../parts/dom.js';
import { figure } from '../../parts/figure.js';
import { amount, bytes, compact, count, share } from '../../words.js';
import { cacheBytes, flops, flopsParts } from './cost.js';
import { doublings, slider, wholes } from './slider.js';
import { numberOf, onwardTo, saying, stepSection, told } from './step.js';

/**
 * What multiply-adds and memory follow from spans, against fixed ones.
 * @param {import('./step.js').Story} story
 * @returns {import('./step.js').Step}
 */
export function priceStep({ page, checkpoint, statistics: { all }, unit, live }) {
  const { layers, hidden, inner, heads } = checkpoint.config.model;
  const sizes = { layers, hidden, inner };
  const dynamic = checkpoint.variant === 'dynamic';
  const said = saying();
  const mean = slider({ id: 'learn-mean', name: 'mean span, tried', live: (value) => live({ mean: String(value) }) });
  const fixed = slider({ id: 'learn-fixed', name: 'S of the fixed model', live: (value) => live({ fixed: String(value) }) });
  let spans = [0, 0, 0];

  const names = () => [`fixed, ${count(spans[0])}`, `${checkpoint.variant === 'fixed' ? 'this one' : 'learned'}, ${amount(spans[1])}`, `tried, ${count(spans[2])}`];
  /** Dynamic spans keep all of S, since the next token's z is unknown. */
  const memory = () => spans.map((span, i) => cacheBytes(sizes, i === 1 && dynamic ? checkpoint.span_limit : span));
  const caption = () => `${checkpoint.id} · mean span ${amount(all.mean_span)}`;
  const compute = figure({
    id: 'learn-flops', level: 3, title: `Multiply-adds a ${unit}`, height: 190, page, caption,
    rows: () => [['spans', 'mean span', 'projections', 'feed-forward', 'attention', 'positions'], ...spans.map((span, i) => [names()[i], span, ...Object.values(flopsParts(sizes, span))])],
  });
  const store = figure({
    id: 'learn-cache', level: 3, title: 'Keys and values kept while reading', height: 190, page, caption,
    rows: () => [['spans', 'bytes'], ...memory().map((size, i) => [names()[i], size])],
  });

  const key = el('p', { class: 'key' }, ...['projections', 'feed-forward', 'attention', 'positions, which the paper leaves out'].map((name) =>
    el('span', {}, el('span', { class: `part ${name.split(',')[0]}` }), name)));

  /** @param {Colours} colours */
  const rows = (colours) => ({ tickvals: [0, 1, 2], ticktext: names(), range: [2.6, -0.6], showgrid: false, tickfont: { color: colours.ink } });

  /** @param {Colours} colours @returns {Drawing} */
  const drawFlops = (colours) => {
    const parts = spans.map((span) => flopsParts(sizes, span));
    const looks = /** @type {const} */ ([['projections', 'projections', `${colours.soft}55`], ['inner', 'feed-forward', `${colours.soft}aa`], ['attention', 'attention', colours.marks], ['positions', 'positions', `${colours.marks}66`]]);
    return {
      data: looks.map(([key, name, color]) => ({
        type: 'bar', orientation: 'h', y: [0, 1, 2], x: parts.map((part) => part[key]), marker: { color }, width: 0.6, hovertemplate: `${name} %{x:,}<extra></extra>`,
      })),
      layout: { barmode: 'stack', margin: { l: 104, r: 24, t: 8, b: 40 }, xaxis: { title: `multiply-adds a ${unit}`, rangemode: 'tozero', nticks: 6, tickformat: '~s' }, yaxis: rows(colours) },
    };
  };

  /** @param {Colours} colours @returns {Drawing} */
  const drawCache = (colours) => ({
    data: [{ type: 'bar', orientation: 'h', y: [0, 1, 2], x: memory(), marker: { color: colours.marks }, width: 0.6, hovertemplate: '%{x:,} bytes<extra></extra>' }],
    layout: { margin: { l: 104, r: 24, t: 8, b: 40 }, xaxis: { title: 'bytes', rangemode: 'tozero', nticks: 6, tickformat: '~s' }, yaxis: rows(colours) },
  });

  /** What comes of it. */
  function words() {
    const [limit] = spans;
    const [most, learned] = spans.map((span) => flops(sizes, span));
    const [mostKept, kept] = memory();
    const now = `${compact(learned)} multiply-adds a ${unit}, ${compact(learned + flopsParts(sizes, all.mean_span).positions)} with positions`;
    if (checkpoint.variant === 'fixed') return `All ${layers * heads} heads of this model have a span of ${amount(all.mean_span)}, needed or not: ${now}, and ${bytes(kept)} kept.`;
    return `As learned, the ${layers * heads} heads have a mean span of ${amount(all.mean_span)}: ${now}. `
      + `With every span fixed at ${count(limit)} it would be ${compact(most)}: attention costs ${share(all.mean_span / limit)} of that, the whole model ${share(learned / most)}. `
      + (dynamic ? `Computed are ${compact(all.flops_paid)}, with the longest span of each chunk of ${unit}s; what is kept is ${bytes(kept)}, as for fixed spans of ${count(checkpoint.span_limit)}, since the next span is not known before it comes.`
        : `What is kept shrinks from ${bytes(mostKept)} to ${bytes(kept)}.`);
  }

  return {
    element: stepSection({
      title: 'What spans cost',
      words: [
        told(`A layer of width <var>D</var> = ${hidden} with <var>F</var> = ${inner} inside takes, for one ${unit}, so many multiply-adds as the paper counts them:`),
        told('4<var>D</var><sup>2</sup> + 2<var>D</var><var>F</var> + 2<var>D</var> · mean span', 'formula'),
        told('That leaves out the score of each distance; with it attention takes 3<var>D</var> · mean span. To read on, a head keeps a key and a value of <var>D</var> / heads numbers each for every token in its span.'),
      ],
      controls: [mean.element, fixed.element], said, picture: el('div', { class: 'stack' }, compute.element, key, store.element),
      onward: onwardTo(page, 'Cost against bits, model by model', ['compare', 'spans']),
    }),
    drawn: Promise.all([compute.drawn, store.drawn]), keys: ['mean', 'fixed'],
    show(choices) {
      const limit = numberOf(choices.fixed, checkpoint.span_limit, 1, 8192);
      spans = [limit, all.mean_span, numberOf(choices.mean, Math.round(checkpoint.span_limit / 2), 0, limit)];
      fixed.show(doublings(64, 8192, checkpoint.span_limit), limit);
      mean.show(wholes(0, limit), spans[2]);
      said.textContent = words();
      compute.show(drawFlops, { label: `Multiply-adds for fixed, learned and tried spans. ${said.textContent}` });
      store.show(drawCache, { label: `Bytes of keys and values for fixed, learned and tried spans: ${memory().map(bytes).join(', ')}.` });
    },
  };
}
