/** What the page asked of the service, for the view of the API to show: bounded, and long texts only in part. */

/**
 * @typedef {{
 *   method: string, path: string, headers: Record<string, string>, body: any, cutFrom: number, times: number,
 *   status: number, type: string, bytes: number, milliseconds: number, answer: any,
 * }} Asked where a text of the body was too long to keep, `cutFrom` is its length
 */

const most = 60;
const longestText = 2000;
const keptText = 300;

const known = /** @type {Map<string, Asked>} */ (new Map());
let behind = { view: '', keys: /** @type {Set<string>} */ (new Set()) };

/** From now on what is asked is asked for this view. @param {ViewName} view */
export const begin = (view) => { behind = { view, keys: new Set() }; };

/** @returns {{ view: string, asked: Asked[] }} what was answered for the view last begun, as it was sent */
export const lastAsked = () => ({ view: behind.view, asked: [...behind.keys].flatMap((key) => known.get(key) ?? []) });

/** An answer from before is used again. @param {string} path */
export const again = (path) => behind.keys.add(`GET ${path}`);

/**
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {(response: Response, answer?: unknown) => void} to be told what came of it
 */
export function noted(path, { method = 'GET', headers = {}, body } = {}) {
  const key = `${method} ${path}`;
  behind.keys.add(key);
  const started = performance.now();
  return (response, answer) => {
    const sent = typeof body === 'string' ? keep(JSON.parse(body)) : { body: undefined, cutFrom: 0 };
    const times = 1 + (known.get(key)?.times ?? 0);
    known.delete(key);
    known.set(key, {
      method, path, headers: /** @type {Record<string, string>} */ (headers), ...sent, times, answer,
      status: response.status, type: response.headers.get('Content-Type') ?? '',
      bytes: Number(response.headers.get('Content-Length')), milliseconds: performance.now() - started,
    });
    if (known.size > most) known.delete(known.keys().next().value ?? '');
  };
}

/** @param {any} body */
function keep(body) {
  const texts = Object.values(body).filter((value) => typeof value === 'string' && value.length > longestText);
  const cut = (/** @type {unknown} */ value) => (texts.includes(value) ? String(value).slice(0, keptText).toWellFormed() : value);
  return {
    body: Object.fromEntries(Object.entries(body).map(([name, value]) => [name, cut(value)])),
    cutFrom: Math.max(0, ...texts.map(({ length }) => length)),
  };
}
