/** A request as one would send it oneself. */

/** @typedef {import('../../requests.js').Asked} Asked */

/** @param {Asked} asked @param {string} origin */
export function curl({ method, path, headers, body, type }, origin) {
  const parts = [`curl${isStream(type) ? ' -N' : ''} ${quoted(origin + readable(path))}`];
  if (method !== (body === undefined ? 'GET' : 'POST')) parts.push(`-X ${method}`);
  for (const [name, value] of others(headers)) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (body !== undefined) parts.push(`-H 'Content-Type: application/json'`, `-d ${quoted(JSON.stringify(body))}`);
  if (!isJson(type) && !isStream(type)) parts.push('--output answer');
  return parts.join(' \\\n  ');
}

/** With the standard library alone. @param {Asked} asked @param {string} origin */
export function python({ method, path, headers, body, type }, origin) {
  const sent = Object.fromEntries([...others(headers), ...(body === undefined ? [] : [['Content-Type', 'application/json']])]);
  const address = JSON.stringify(origin + readable(path));
  const plain = method === 'GET' && !Object.keys(sent).length;
  const request = plain ? address : 'request';
  return [
    ...(isJson(type) || body !== undefined ? ['import json'] : []),
    'from urllib.request import Request, urlopen'.replace(plain ? 'Request, ' : '', ''), '',
    ...(plain ? [] : [
      'request = Request(', `    ${address},`,
      ...(body === undefined ? [] : [`    data=json.dumps(${literal(body)}).encode(),`]),
      ...(Object.keys(sent).length ? [`    headers=${literal(sent)},`] : []),
      ...(method === (body === undefined ? 'GET' : 'POST') ? [] : [`    method=${literal(method)},`]), ')',
    ]),
    `with urlopen(${request}) as answer:`,
    ...(isJson(type) ? ['    print(json.load(answer))'] : isStream(type) ? ['    for line in answer:', '        print(line.decode(), end="")'] : ['    print(len(answer.read()), "bytes")']),
  ].join('\n');
}

/** @param {string} type a content type */
export const isJson = (type) => /[/+]json\b/.test(type);

/** @param {string} type */
const isStream = (type) => /event-stream|ndjson/.test(type);

/** @param {Record<string, string>} headers */
const others = (headers) => Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'content-type');

/** An @ need not be escaped in a path. @param {string} path */
export const readable = (path) => path.replaceAll('%40', '@');

/** For a shell. @param {string} text */
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** What JSON holds, as Python writes it. @param {any} value @returns {string} */
export function literal(value) {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  return `{${Object.entries(value).map(([name, part]) => `${JSON.stringify(name)}: ${literal(part)}`).join(', ')}}`;
}
