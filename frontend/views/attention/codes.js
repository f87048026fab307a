/** Weights on the service's log scale, as one byte: 0 below the floor, then equal ratios up to 255 for all of it. */

export const floor = 1e-4;
/** Between the floor and 1. */
export const steps = 254;

/** @param {number} weight */
export const codeOf = (weight) => (weight < floor ? 0 : 1 + Math.round(steps * (1 - Math.log(weight) / Math.log(floor))));

/** @param {number} code */
export const weightOf = (code) => (code ? floor ** ((1 + steps - code) / steps) : 0);

/** @param {number} weight 0 to 1 along the colours */
export const along = (weight) => Math.max(0, 1 - Math.log(Math.max(weight, floor)) / Math.log(floor));

/** What legends say. */
export const weightTicks = [1e-4, 1e-3, 1e-2, 1e-1, 1];
