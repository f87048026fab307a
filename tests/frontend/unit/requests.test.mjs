import assert from 'node:assert/strict';
import { test } from 'node:test';
import { again, begin, lastAsked, noted } from '../../../frontend/requests.js';
import { curl, literal, python } from '../../../frontend/views/api/examples.js';
import { printed } from '../../../frontend/views/api/printed.js';

const json = (length = 2) => new Response(null, { headers: { 'Content-Type': 'application/json', 'Content-Length': String(length) } });
const paths = () => lastAsked().asked.map(({ path }) => path);

test('what a view asked stands in the order sent, once each, and without what was not answered', () => {
  begin('spans');
  const [first, second] = [noted('/a'), noted('/b')];
  noted('/never');
  second(json(), 'b');
  first(json(7), 'a');
  noted('/a')(json(), 'a again');
  const { view, asked: [a, b] } = lastAsked();
  assert.deepEqual([view, paths()], ['spans', ['/a', '/b']]);
  assert.deepEqual([a.times, a.answer, b.times, b.bytes], [2, 'a again', 1, 2]);
});

test('another view begins with nothing, and shows an answer that it uses again', () => {
  begin('text');
  assert.deepEqual(paths(), []);
  again('/b');
  assert.deepEqual(paths(), ['/b']);
});

test('of a long text the beginning is kept, and no more than so many answers', () => {
  begin('text');
  noted('/long', { method: 'POST', body: JSON.stringify({ text: 'x'.repeat(5000), reduce: 'all' }) })(json(), {});
  const [{ body, cutFrom }] = lastAsked().asked;
  assert.deepEqual([body.text.length, body.reduce, cutFrom], [300, 'all', 5000]);
  for (let i = 0; i < 200; i++) noted(`/${i}`)(json());
  assert.equal(lastAsked().asked.length, 60);
});

test('a command survives the shell, and a snippet is Python', () => {
  const asked = { method: 'POST', path: '/api/a%401', headers: { 'Content-Type': 'application/json' }, body: { text: "it's", on: true, none: null }, type: 'application/json' };
  assert.equal(curl(asked, 'http://h'), `curl 'http://h/api/a@1' \\\n  -H 'Content-Type: application/json' \\\n  -d '{"text":"it'\\''s","on":true,"none":null}'`);
  assert.match(python(asked, 'http://h'), /data=json.dumps\(\{"text": "it's", "on": True, "none": None\}\).encode\(\)/);
  assert.equal(literal(['\n', 1.5, { a: false }]), '["\\n", 1.5, {"a": False}]');
});

test('an answer is shortened where it repeats itself, and says so', () => {
  const answer = printed({ id: 'a', heads: Array.from({ length: 48 }, (_, i) => ({ layer: 0, head: i })), packed: 'A'.repeat(2000), edges: [1, 2, 3, 4, 5, 6, 7, 8] });
  assert.match(answer, /\{"layer": 0, "head": 1\}, … 46 more\]/);
  assert.match(answer, /"A{24}… \(2,000 characters\)"/);
  assert.match(answer, /\[1, 2, 3, 4, 5, 6, … 2 more\]/);
  assert.ok(answer.split('\n').every((line) => line.length <= 80));
});
