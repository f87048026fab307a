import { found } from './service.js';

const root = '/api/v1';

/** An answer that is not the one asked for, in words for a person. */
export class Problem extends Error {
  /** @param {string} message @param {number} [status] */
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

/** How proxies say that the service behind them is away. */
const away = [502, 503, 504];

/**
 * What the service answers. One that is away is waited for and then asked again; but what changes a run is sent once,
 * since nobody knows whether it was done.
 * @param {string} path
 * @param {RequestInit} [options]
 */
async function answered(path, options = {}) {
  for (;;) {
    const response = await fetch(root + path, options).catch(unlessGivenUp);
    if (response?.ok) return response;
    if (response && !away.includes(response.status)) {
      const body = await response.json().catch(() => null);
      throw new Problem(body?.detail ?? body?.title ?? `The service answered ${response.status} and did not say why: its log may.`, response.status);
    }
    const again = found();
    if (path.startsWith('/runs') && (options.method ?? 'GET') !== 'GET') {
      throw new Problem('The service did not answer, so this may not have been done: see how the run stands when it is back.');
    }
    await again;
  }
}

/** @param {unknown} error @returns {null} nothing, where a network failed */
function unlessGivenUp(error) {
  if (error instanceof DOMException) throw error;
  return null;
}

/**
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<any>}
 */
async function request(path, options) {
  const text = await (await answered(path, options)).text().catch(unlessGivenUp);
  if (text === null) throw new Problem('The answer broke off on its way. Try it again.');
  return text && JSON.parse(text);
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
export const analyse = (id, body, signal) => request(pathOf(id, 'analyses'), { ...sent('POST', body), signal });

/** @param {string} method @param {unknown} [body] @returns {RequestInit} */
const sent = (method, body = {}) => ({ method, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } });

/** @returns {Promise<Runs>} */
export const runs = () => request('/runs');

/** @param {string} name @returns {Promise<RunDetail>} */
export const run = (name) => request(`/runs/${name}`);

/** @param {string} name @returns {Promise<Metrics>} */
export const metrics = (name) => request(`/runs/${name}/metrics`);

/** @param {string} name @returns {Promise<Happening[]>} */
export const happenings = async (name) => (await request(`/runs/${name}/log`)).items;

/** @param {string} name */
export const events = (name) => new EventSource(`${root}/runs/${name}/events`);

/** @param {{ name: string, title: string, preset: string, settings: Record<string, Setting> }} body @returns {Promise<RunDetail>} */
export const createRun = (body) => request('/runs', sent('POST', body));

/** @param {string} name @param {{ title?: string, note?: string, archived?: boolean }} changes @returns {Promise<RunDetail>} */
export const describeRun = (name, changes) => request(`/runs/${name}`, sent('PATCH', changes));

/** @param {string} name @param {'stop' | 'resume'} what @returns {Promise<RunDetail>} */
export const tellRun = (name, what) => request(`/runs/${name}/${what}`, { method: 'POST' });

/** @param {string} name @param {string} repeated the name once more, as a person typed it */
export const deleteRun = (name, repeated) => request(`/runs/${name}?name=${encodeURIComponent(repeated)}`, { method: 'DELETE' });

/** @returns {Promise<Preset[]>} */
export const presets = async () => (await once('/presets')).items;

/** @returns {Promise<Corpus[]>} */
export const corpora = async () => (await request('/corpora')).items;

/** @param {{ preset: string, settings: Record<string, Setting> }} body @param {AbortSignal} signal @returns {Promise<Estimate>} */
export const estimate = (body, signal) => request('/estimates', { ...sent('POST', body), signal });

const arrays = { f4: Float32Array, f8: Float64Array, i4: Int32Array, u1: Uint8Array };

/** @param {Packed} packed */
export function unpack({ dtype, bdata, shape }) {
  const bytes = Uint8Array.from(atob(bdata), (character) => character.charCodeAt(0));
  const values = new arrays[dtype](bytes.buffer);
  return { values, shape: shape ? shape.split(',').map(Number) : [values.length] };
}
