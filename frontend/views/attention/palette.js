import { css, viridis } from '../../parts/scale.js';
import { steps } from './codes.js';

/** The colour of each code as a pixel of a canvas. */
export const palette = () => Uint32Array.from({ length: 256 }, (_, code) => {
  const [red, green, blue] = viridis((code - 1) / steps);
  return new Uint32Array(Uint8Array.of(red, green, blue, 255).buffer)[0];
});

/** The same for plotly. */
export const colorscale = () => 'Viridis';

/** The same for a canvas. @param {number} t 0 to 1 */
export const shade = (t) => css(viridis(t));
