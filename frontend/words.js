/** Numbers and names as a person reads them. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const one = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const two = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** @param {number} value */
export const count = (value) => whole.format(value);

/** @param {number} value as many digits as mean something */
export const amount = (value) => (!Number.isFinite(value) ? '–' : Math.abs(value) < 10 ? one.format(value) : whole.format(value));

/** @param {number | null} value */
export const bits = (value) => (value === null || !Number.isFinite(value) ? '–' : two.format(value));

/** @param {number} value 0 to 1 */
export const share = (value) => (!Number.isFinite(value) ? '–' : `${value > 0 && value < 0.0995 ? one.format(100 * value) : whole.format(100 * value)}%`);

/** @param {number} value @param {(value: number) => string} written */
export const signed = (value, written) => (!Number.isFinite(value) ? '–' : `${value === 0 ? '±' : value < 0 ? '−' : '+'}${written(Math.abs(value))}`);

/** @param {number} value */
export const signedAmount = (value) => (Math.abs(value) < 0.05 ? '0' : signed(value, amount));

const four = new Intl.NumberFormat('en', { minimumFractionDigits: 4, maximumFractionDigits: 4 });

/** What a change of bits comes to, with its error. @param {{ bits: number, bits_error: number | null }} change */
export const bitsChange = ({ bits: by, bits_error: error }) => `${signed(by, four.format)}${error === null ? '' : ` ± ${four.format(error)}`}`;

/** In percent. @param {Change} change */
export function change({ before, after }) {
  const by = after / before - 1;
  return Math.abs(by) < 0.0005 ? '±0%' : signed(by, share);
}

/** @param {{ layer: number, head: number }} head */
export const headName = ({ layer, head }) => `L${layer}·H${head}`;

/** @param {{ layer: number, head: number }} head */
export const headKey = ({ layer, head }) => `L${layer}H${head}`;

/**
 * @template {{ layer: number, head: number }} T
 * @param {T[]} heads
 * @param {string | undefined} key
 */
export const findHead = (heads, key) => heads.find((head) => headKey(head) === key);

/** @template {Head} T @param {T[]} heads longest first */
export const ranked = (heads) => heads.toSorted((a, b) => b.span - a.span || b.z - a.z);

/** @template {Head} T @param {T[]} heads */
export const longestOf = (heads) => ranked(heads)[0];

/** @param {number} rank from 1 */
export function longestRank(rank) {
  const ending = rank % 100 > 10 && rank % 100 < 14 ? 'th' : ['th', 'st', 'nd', 'rd'][rank % 10] ?? 'th';
  return ['longest', 'second longest', 'third longest'][rank - 1] ?? `${rank}${ending} longest`;
}

/** @param {Checkpoint} checkpoint one token, in words */
export const unitOf = ({ unit }) => unit.slice(0, -1);

/** @param {Checkpoint} checkpoint */
export function checkpointName({ title, variant, step }) {
  const parts = title.toLowerCase().includes(variant) ? [title] : [title, variant];
  return [...parts, `step ${count(step)}`].join(' · ');
}

const brief = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

/** @param {number} value as 1.2M */
export const compact = (value) => brief.format(value);

/** @param {number} value */
export function bytes(value) {
  const power = Math.min(4, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  return `${Number((value / 1000 ** power).toPrecision(3))} ${['bytes', 'kB', 'MB', 'GB', 'TB'][power]}`;
}

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds < 90) return `${count(seconds)} s`;
  if (seconds < 90 * 60) return `${count(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${amount(seconds / 3600)} h`;
  return `${amount(seconds / 86400)} days`;
}

/** @param {string} date ISO 8601 */
export function age(date) {
  const minutes = Math.max(0, (Date.now() - Date.parse(date)) / 60000);
  if (minutes < 60) return `${count(minutes)} min ago`;
  if (minutes < 48 * 60) return `${count(minutes / 60)} h ago`;
  return `${count(minutes / 1440)} days ago`;
}

/** No span that is learned is shorter than the ramp; one that was cut may be. @param {number} ramp @param {{ span: number }[]} heads */
export const rampWords = (ramp, heads) => `ramp R = ${ramp}${heads.some(({ span }) => span < ramp) ? '' : ', the floor'}`;
