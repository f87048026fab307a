import { themed } from '../../parts/figure.js';
import { colours } from '../../theme.js';

const gap = 24;
const top = 28;

/**
 * Pictures of one plot each as one picture, from left to right, to be saved.
 * @param {{ title: string, data: object[], layout: Record<string, any> }[]} pictures
 * @returns {{ data: object[], layout: Record<string, any> }}
 */
export function beside(pictures) {
  const palette = colours();
  const inner = pictures.map(({ layout }) => ({
    width: layout.width - layout.margin.l - layout.margin.r, height: layout.height - layout.margin.t - layout.margin.b,
  }));
  const { margin } = pictures[0].layout;
  const [width, height] = [
    inner.reduce((sum, part) => sum + part.width + gap + margin.l, -gap - margin.l), Math.max(...inner.map((part) => part.height)),
  ];
  let left = 0;
  const parts = pictures.map(({ title, data, layout }, i) => {
    const n = i ? String(i + 1) : '';
    const axes = { xaxis: `x${n}`, yaxis: `y${n}` };
    const refs = { xref: axes.xaxis, yref: axes.yaxis };
    const x = [left / width, Math.min(1, (left + inner[i].width) / width)];
    const y = [1 - inner[i].height / height, 1];
    left += inner[i].width + gap + margin.l;
    return {
      data: data.map((trace) => ({ ...trace, ...axes })),
      axes: {
        [`xaxis${n}`]: { ...layout.xaxis, domain: x, anchor: axes.yaxis }, [`yaxis${n}`]: { ...layout.yaxis, domain: y, anchor: axes.xaxis },
      },
      shapes: layout.shapes.map((/** @type {object} */ shape) => ({ ...shape, ...refs })),
      annotations: [
        ...layout.annotations.map((/** @type {object} */ note) => ({ ...note, ...refs })),
        { xref: `${axes.xaxis} domain`, yref: `${axes.yaxis} domain`, x: 0, y: 1, xanchor: 'left', yanchor: 'bottom', yshift: 4, text: title, showarrow: false, font: { color: palette.ink } },
      ],
    };
  });
  return {
    data: parts.flatMap(({ data }) => data),
    layout: themed({
      margin: { ...margin, t: margin.t + top }, ...Object.assign({}, ...parts.map(({ axes }) => axes)),
      shapes: parts.flatMap(({ shapes }) => shapes), annotations: parts.flatMap(({ annotations }) => annotations),
    }, palette, width + margin.l + margin.r, height + margin.t + margin.b + top),
  };
}
