import { colours, isDark, palette } from '../theme.js';

/** @typedef {[number, number, number]} Rgb */

/** Ten colours at equal distances, from few to many. @type {Record<string, Rgb[]>} */
const scales = {
  viridis: [
    [68, 1, 84], [72, 40, 120], [62, 73, 137], [49, 104, 142], [38, 130, 142],
    [31, 158, 137], [53, 183, 121], [110, 206, 88], [181, 222, 43], [253, 231, 37],
  ],
  cividis: [
    [0, 34, 78], [18, 53, 112], [59, 73, 108], [87, 93, 109], [112, 113, 115],
    [138, 134, 120], [165, 156, 116], [195, 179, 105], [225, 204, 85], [254, 232, 56],
  ],
};

const stops = () => scales[palette()] ?? scales.viridis;

/** @param {Rgb | number[]} a @param {Rgb | number[]} b @param {number} t @returns {Rgb} */
const mix = (a, b, t) => {
  const [red, green, blue] = [0, 1, 2].map((i) => Math.round(a[i] + (b[i] - a[i]) * t));
  return [red, green, blue];
};

/** A colour of the scale that the reader chose. @param {number} t 0 to 1 */
export function shade(t) {
  const colours = stops();
  const place = Math.min(Math.max(t, 0), 1) * (colours.length - 1);
  const stop = Math.min(Math.floor(place), colours.length - 2);
  return mix(colours[stop], colours[stop + 1], place - stop);
}

/** The same for a figure. */
export const colorscale = () => stops().map((colour, i, all) => [i / (all.length - 1), css(colour)]);

/** @param {Rgb} colour */
export const css = (colour) => `rgb(${colour.join(', ')})`;

/** @param {Rgb} colour */
function luminance(colour) {
  const [r, g, b] = colour.map((part) => (part <= 10 ? part / 3294.6 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** @param {Rgb} background black or white, whichever reads better on it */
export const inkOn = (background) => (luminance(background) > 0.179 ? '#000' : '#fff');

const paperColour = () => [1, 3, 5].map((i) => parseInt(colours().paper.slice(i, i + 2), 16));

/**
 * The scale held so near the paper that letters on it stay readable; further from the paper means more.
 * @returns {(t: number) => Rgb} of t from 0 to 1
 */
export function tinter() {
  const paper = paperColour();
  const dark = isDark();
  return (t) => {
    const level = Math.min(Math.max(t, 0), 1);
    return dark
      ? mix(paper, shade(0.4 * level), 0.45 + 0.35 * level)
      : mix(paper, shade(1 - 0.62 * level), 0.2 + 0.32 * level);
  };
}

/**
 * Purple under zero, orange over it, and zero the paper: apart for every kind of sight.
 * @param {number} strength how far from the paper it may go, 1 for colours that no letters stand on
 * @returns {(t: number) => Rgb} of t from -1 to 1
 */
export function diverging(strength = 1) {
  const [under, over] = isDark() ? [[178, 171, 210], [253, 184, 99]] : [[84, 39, 136], [179, 88, 6]];
  const paper = paperColour();
  return (t) => mix(paper, t < 0 ? under : over, strength * Math.min(Math.abs(t), 1));
}

/**
 * @typedef {{ low: number, high: number, log: boolean }} Domain
 * @param {number} value
 * @param {Domain} domain
 */
export function position(value, { low, high, log }) {
  if (high <= low) return 0.5;
  return log ? Math.log(Math.max(value, low) / low) / Math.log(high / low) : (value - low) / (high - low);
}

/**
 * 1, 2, 5, 10 … between two bounds; 3 and 7, too, where those would be too few to read by, and 1, 3, 10 … where too many.
 * @param {number} low
 * @param {number} high
 */
export function logTicks(low, high) {
  const ticks = [];
  const steps = high / low < 8 ? [1, 2, 3, 5, 7] : high / low < 1500 ? [1, 2, 5] : [1, 3];
  for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10) {
    ticks.push(...steps.map((step) => step * power).filter((tick) => tick >= low * 0.999 && tick <= high * 1.001));
  }
  return ticks;
}

/**
 * Whole numbers from 1 to a limit: each while they are few, then ever fewer.
 * @param {number} limit
 * @param {number} growth of one to the next, once that is more than 1
 */
export function logSteps(limit, growth) {
  const steps = [];
  for (let step = 1; step < limit; step = Math.max(step + 1, Math.floor(step * growth))) steps.push(step);
  return [...steps, limit];
}

/** @param {number} low @param {number} high */
export const logAxis = (low, high) => {
  const ticks = logTicks(low, high);
  return {
    type: 'log', range: [Math.log10(low), Math.log10(high)],
    tickvals: ticks, ticktext: ticks.map((tick) => (tick < 1000 ? `${tick}` : `${tick / 1000}k`)),
  };
};
