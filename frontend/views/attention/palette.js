import { css, shade as shadeOf } from '../../parts/scale.js';
import { steps } from './codes.js';

/** The colour of each code as a pixel of a canvas. */
export const palette = () => Uint32Array.from({ length: 256 }, (_, code) => {
  const [red, green, blue] = shadeOf((code - 1) / steps);
  return new Uint32Array(Uint8Array.of(red, green, blue, 255).buffer)[0];
});

/** For a canvas. @param {number} t 0 to 1 */
export const shade = (t) => css(shadeOf(t));
