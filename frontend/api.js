import { again, noted } from './requests.js';
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

/** How proxies say that the service behind them is away; what it says itself is a problem with its reason. @param {Response} response */
const isAway = ({ status, headers }) => [502, 503, 504].includes(status) && !headers.get('Content-Type')?.includes('problem+json');

/**
 * A good answer, and whom to tell of it once it is read. A service that wants its token is asked again once it has it. So is one that is away, when it is
 * back; but what changes a run is then not sent again, since nobody knows whether it was done.
 * @param {string} path
 * @param {RequestInit} [options]
 * @param {typeof noted} [note]
 */
async function answered(path, options = {}, note = noted) {
  for (;;) {
    const tell = note(root + path, options);
    const response = await fetch(root + path, options).catch(unlessGivenUp);
    if (response?.ok) return { response, tell };
    if (response?.status === 401) {
      await (await import('./token.js')).entered();
      continue;
    }
    if (response && !isAway(response)) {
      const body = await response.json().catch(() => null);
      tell(response, body);
      throw new Problem(body?.detail ?? body?.title ?? `The service answered ${response.status} and did not say why: its log may.`, response.status);
    }
    const again = found();
    if ((path.startsWith('/runs') || path.endsWith('/trims')) && (options.method ?? 'GET') !== 'GET') {
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
 * @param {typeof noted} [note]
 * @returns {Promise<any>}
 */
async function request(path, options, note) {
  const { response, tell } = await answered(path, options, note);
  const text = await response.text().catch(unlessGivenUp);
  if (text === null) throw new Problem('The answer broke off on its way. Try it again.');
  const body = text && JSON.parse(text);
  tell(response, body);
  return body;
}

const kept = /** @type {Map<string, Promise<any>>} */ (new Map());

/**
 * Checkpoints never change: what was answered once is not asked again.
 * @param {string} path
 */
function once(path) {
  const known = kept.get(path);
  if (known) {
    again(root + path);
    return known;
  }
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

/** A list, which may come in several answers: the first one, with all items. @param {string} path */
async function whole(path) {
  const first = await request(path);
  const items = [...first.items];
  for (let { next } = first; next;) {
    const more = await request(`${path}?cursor=${encodeURIComponent(next)}`);
    items.push(...more.items);
    ({ next } = more);
  }
  return { ...first, items };
}

/** @returns {Promise<Checkpoint[]>} */
export const checkpoints = async () => (await whole('/checkpoints')).items;

/** @param {string} id an alias, as `@latest`, may stand for another one every time @returns {Promise<CheckpointDetail>} */
export const checkpoint = (id) => (/@\d+$/.test(id) ? once : request)(pathOf(id));

/** @param {string} id @returns {Promise<Spans>} */
export const spans = (id) => once(pathOf(id, 'spans'));

/** What every head may reach, does reach, needs, once that is measured, and what moves its z. @param {string} id @returns {Promise<HeadUses>} */
export const heads = (id) => request(pathOf(id, 'heads'));

/** @param {string} id @param {{ layer: number, head: number }} place @returns {Promise<HeadDetail>} */
export const head = (id, { layer, head }) => once(pathOf(id, `heads/${layer}/${head}`));

/** Which texts were read whole with a checkpoint; more may come. @param {string} id @returns {Promise<Surveys>} */
export const surveys = (id) => request(pathOf(id, 'surveys'));

/** @param {string} id @param {string} name */
export const surveyPath = (id, name) => pathOf(id, `surveys/${encodeURIComponent(name)}`);

/** All heads in one of them; another may take its place. @param {string} id @param {string} name @returns {Promise<Gallery>} */
export const gallery = (id, name) => request(surveyPath(id, name));

/** @param {string} id @param {string} name @param {{ layer: number, head: number }} place */
export const surveyedHeadPath = (id, name, { layer, head }) => `${surveyPath(id, name)}/heads/${layer}/${head}`;

/** @param {string} id @param {string} name @param {{ layer: number, head: number }} place @returns {Promise<HeadSurvey>} */
export const surveyedHead = (id, name, place) => request(surveyedHeadPath(id, name, place));

/**
 * @param {string} id
 * @param {Cut[]} spans
 * @param {AbortSignal} signal
 * @returns {Promise<WhatIf>}
 */
export const whatIf = (id, spans, signal) => request(pathOf(id, 'what-if'), { ...sent('POST', { spans }), signal });

/** @param {string} id of a trimmed checkpoint @returns {Promise<TrimPath>} */
export const path = (id) => once(pathOf(id, 'path'));

/** @param {string} id @param {{ kind: TrimKind, most: number }} budget @returns {Promise<RunDetail>} */
export const startTrim = (id, budget) => request(pathOf(id, 'trims'), sent('POST', budget));

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
 * @param {{ text: string, fields: string[], reduce: 'all' | 'layer' | 'head', from?: number, spans?: Cut[], what_if?: boolean }} body
 * @param {AbortSignal} signal
 * @returns {Promise<Analysis>}
 */
export const analyse = (id, body, signal) => request(pathOf(id, 'analyses'), { ...sent('POST', body), signal });

/**
 * @param {string} id
 * @param {{ text: string, heads: { layer: number, head: number }[], rows: [number, number] }} body
 * @param {AbortSignal} signal
 * @returns {Promise<Attention>}
 */
export const attention = (id, body, signal) => request(pathOf(id, 'attention'), { ...sent('POST', body), signal });

/**
 * The maps of some heads, row by row, column j being distance j + 1: `exact` as weights, `display` as codes, pooled.
 * @param {string} id
 * @param {{ text: string, heads?: { layer: number, head: number }[], rows?: [number, number], form: 'exact' | 'display', pool?: [number, number], spans?: Cut[] }} body
 * @param {AbortSignal} signal
 * @returns {Promise<{ key: string, rows: number, columns: number, values: Float32Array | Uint8Array }[]>}
 */
export async function maps(id, body, signal) {
  const asked = sent('POST', body);
  const headers = { ...asked.headers, Accept: 'application/octet-stream' };
  const { response, tell } = await answered(pathOf(id, 'attention'), { ...asked, headers, signal });
  tell(response);
  const list = (/** @type {string} */ name) => (response.headers.get(`Spanscope-${name}`) ?? '').split(', ');
  const heads = list('Heads');
  const Numbers = response.headers.get('Spanscope-Dtype') === 'f4' ? Float32Array : Uint8Array;
  const octets = await response.arrayBuffer();
  let start = 0;
  return list('Shapes').map((shape, i) => {
    const [rows, columns] = shape.split('x').map(Number);
    const values = new Numbers(octets, start, rows * columns);
    start += values.byteLength;
    return { key: heads[i], rows, columns, values };
  });
}

/**
 * What a model writes on, line by line as it writes it.
 * @param {string} id
 * @param {{ text: string, tokens: number, temperature: number, seed: number, spans: Cut[] }} body
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<(WrittenToken | WrittenText)[]>} the lines that came together
 */
export async function* continuation(id, body, signal) {
  const { response, tell } = await answered(pathOf(id, 'continuations'), { ...sent('POST', body), signal });
  tell(response);
  const parts = /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (response.body).pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (let part = await parts.read(); !part.done; part = await parts.read()) {
    const lines = (rest + part.value).split('\n');
    rest = lines.pop() ?? '';
    if (lines.length) yield lines.map((line) => JSON.parse(line));
  }
}

/** Not noted: no view stands on it. @returns {Promise<Session>} */
export const session = () => request('/session', {}, () => () => {});

/** @returns {Promise<Limits>} */
export const limits = () => once('/limits');

/** @param {string} method @param {unknown} [body] @returns {RequestInit} */
const sent = (method, body = {}) => ({ method, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } });

/** @param {string[]} ids two to four of concrete checkpoints @returns {Promise<Comparison>} */
export const compare = (ids) => once(comparisonPath(ids));

/** @param {string[]} ids */
export const comparisonPath = (ids) => `/checkpoints/compare?ids=${ids.map(encodeURIComponent).join(',')}`;

/** @param {{ ids: string[], text: string }} body @param {AbortSignal} signal @returns {Promise<TextComparison>} */
export const compareReadings = (body, signal) => request('/checkpoints/compare', { ...sent('POST', body), signal });

/** @returns {Promise<PublishedResult[]>} */
export const published = async () => (await once('/published')).items;

/** @returns {Promise<Runs>} */
export const runs = () => whole('/runs');

/** @param {string} name @returns {Promise<RunDetail>} */
export const run = (name) => request(`/runs/${name}`);

/** @param {string} name @returns {Promise<Metrics>} */
export const metrics = (name) => request(`/runs/${name}/metrics`);

/** @param {string} name @returns {Promise<Happening[]>} */
export const happenings = async (name) => (await whole(`/runs/${name}/log`)).items;

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
