import { figure } from '../../parts/figure.js';
import { logAxis } from '../../parts/scale.js';
import { headName } from '../../words.js';
import { plural } from './words.js';

/** Apart for every kind of sight (Okabe and Ito), and by their dashes. */
const strokes = [
  ['#d55e00', 'solid'], ['#0072b2', 'dash'], ['#009e73', 'dot'], ['#cc79a7', 'dashdot'], ['#e69f00', 'longdash'], ['#56b4e9', 'longdashdot'],
];

/** The attention of a head by distance, from each kind of character. @param {Page} page */
export function kindsFigure(page) {
  let shown = /** @type {HeadSurvey | undefined} */ (undefined);
  const picture = figure({
    id: 'gallery-kinds', level: 3, title: 'Where it looks, by what looks', note: 'its attention by distance, on a log axis', height: 260, page,
    caption: () => `${page.checkpoint.id} · ${shown ? `${headName(shown)} · ${shown.name}` : ''}`,
    rows: () => [['kind', 'distance from', 'to', 'share of attention'], ...kindsIn(shown).flatMap(({ group, mass }) =>
      mass.map((value, bin) => [group, shown?.edges[bin] ?? 0, (shown?.edges[bin + 1] ?? 0) - 1, value ?? '']))],
  });

  /** @param {HeadSurvey} head @returns {(colours: Colours) => Drawing} */
  const draw = (head) => () => ({
    data: kindsIn(head).map(({ group, mass }, i) => ({
      type: 'scatter', mode: 'lines', name: plural(group), x: head.edges, y: [...mass, mass[mass.length - 1]],
      line: { color: strokes[i % strokes.length][0], dash: strokes[i % strokes.length][1], width: 1.5, shape: 'hv' },
      text: mass.map((_, bin) => `${head.edges[bin]} to ${head.edges[bin + 1] - 1}`), hovertemplate: `%{fullData.name}: %{y:.1%} on %{text} ${head.unit} back<extra></extra>`,
    })),
    layout: {
      margin: { l: 40, r: 8, t: 8, b: 36 }, showlegend: true, legend: { orientation: 'h', y: 1.02, yanchor: 'bottom', font: { size: 12 } },
      xaxis: { title: `distance, ${head.unit}`, ...logAxis(1, head.edges[head.edges.length - 1]) }, yaxis: { rangemode: 'tozero', tickformat: '.0%', nticks: 4 },
    },
  });

  return {
    ...picture,
    /** @param {HeadSurvey} head */
    show(head) {
      shown = head;
      return picture.show(draw(head), { label: `The attention of ${headName(head)} by distance, a line for each kind of character that looks; the table has its numbers.` });
    },
  };
}

/** Those that the texts have. @param {HeadSurvey | undefined} head */
const kindsIn = (head) => (head?.groups ?? []).filter(({ grouping, tokens }) => grouping === 'kind' && tokens);
