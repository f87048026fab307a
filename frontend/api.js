const root = '/api/v1';

/** An answer that is not the one asked for, in words for a person. */
export class Problem extends Error {}

/**
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<any>}
 */
async function request(path, options) {
  const response = await fetch(root + path, options).catch((error) => {
    if (error.name === 'AbortError') throw error;
    throw new Problem('The service does not answer. Is it running?');
  });
  const body = await response.json().catch(() => null);
  if (response.ok) return body;
  throw new Problem(body?.detail ?? body?.title ?? `The service answered ${response.status}.`);
}

const kept = /** @type {Map<string, Promise<any>>} */ (new Map());

/**
 * Checkpoints never change: what was answered once is not asked again.
 * @param {string} path
 */
function once(path) {
  const known = kept.get(path);
  if (known) return known;
  const answer = request(path);
  kept.set(path, answer);
  answer.catch(() => kept.delete(path));
  return answer;
}

/**
 * @param {string} id
 * @param {string} [part]
 */
export const pathOf = (id, part) => `/checkpoints/${encodeURIComponent(id)}${part ? `/${part}` : ''}`;

/** @param {string} path */
export const addressOf = (path) => root + path;

/** @returns {Promise<Checkpoint[]>} */
export const checkpoints = async () => (await request('/checkpoints')).items;

/** @param {string} id an alias, as `@latest`, may stand for another one every time @returns {Promise<Checkpoint>} */
export const checkpoint = (id) => (/@\d+$/.test(id) ? once : request)(pathOf(id));

/** @param {string} id @returns {Promise<Spans>} */
export const spans = (id) => once(pathOf(id, 'spans'));

/** @param {string} id @returns {Promise<Statistics>} */
export const statistics = (id) => once(pathOf(id, 'statistics'));

/**
 * z of every head at every evaluation of the run that a checkpoint comes from; it grows while the run trains.
 * @param {string} id
 * @returns {Promise<History>}
 */
export const history = (id) => request(`/runs/${encodeURIComponent(id.split('@')[0])}/spans`);

/**
 * @param {string} id
 * @param {{ text: string, fields: string[], reduce: 'all' | 'layer' | 'head' }} body
 * @param {AbortSignal} signal
 * @returns {Promise<Analysis>}
 */
export const analyse = (id, body, signal) =>
  request(pathOf(id, 'analyses'), {
    method: 'POST', body: JSON.stringify(body), signal, headers: { 'Content-Type': 'application/json' },
  });

const arrays = { f4: Float32Array, f8: Float64Array, i4: Int32Array, u1: Uint8Array };

/** @param {Packed} packed */
export function unpack({ dtype, bdata, shape }) {
  const bytes = Uint8Array.from(atob(bdata), (character) => character.charCodeAt(0));
  const values = new arrays[dtype](bytes.buffer);
  return { values, shape: shape ? shape.split(',').map(Number) : [values.length] };
}
