import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alike, alikeAtEnd, readFrom } from '../../../frontend/views/text/changes.js';
import { readText } from '../../../frontend/parts/file.js';
import { byKind, byPlace, byWord } from '../../../frontend/parts/kinds.js';
import { headOf, joined, rawOf, tokensBefore } from '../../../frontend/views/text/raw.js';
import { beyond, fewest, readBy, reads } from '../../../frontend/views/text/weights.js';

const packed = (values, shape) => ({ dtype: 'f4', bdata: Buffer.from(Float32Array.from(values).buffer).toString('base64'), shape: shape ?? String(values.length) });
const answer = (first, ids) => ({
  tokens: { first, count: ids.length, token: packed(ids), start: packed(ids.map((_, i) => first + i)), end: packed(ids.map((_, i) => first + i + 1)) },
  bits: packed(ids.map((id) => id / 2)), next: { symbols: ['a', 'b'], token: packed(ids.flatMap((id) => [id, 1 - id]), `${ids.length}, 2`), share: packed(ids.flatMap(() => [0.75, 0.25]), `${ids.length}, 2`) },
  fields: { span: packed(ids.flatMap((id) => [id, id + 10]), `${ids.length}, 2`) }, axes: ['token', 'layer'],
});

test('what was added is joined to what is known as if all had been read at once', () => {
  const whole = rawOf(answer(0, [0, 1, 1, 0, 1]));
  const known = headOf(rawOf(answer(0, [0, 1, 0, 0])), 2);
  assert.deepEqual(joined(known, rawOf(answer(2, [1, 0, 1]))), whole);
  assert.deepEqual(joined(undefined, whole), whole);
  assert.equal(tokensBefore(whole, 3), 3);
  assert.equal(tokensBefore(whole, 99), 5);
  assert.equal(whole.columns.span.width, 2);
});

test('a text is read again from its first change, and a run of other characters than letters from its beginning', () => {
  const [old, now] = ['to be --', 'to be --!'].map((text) => Array.from(text));
  assert.equal(alike(old, now), 8);
  assert.equal(alikeAtEnd(Array.from('abcb'), Array.from('ab'), 2), 0);
  assert.equal(alikeAtEnd(Array.from('xyz'), Array.from('xaz'), 1), 1);
  assert.equal(readFrom(now, 8, 'bytes'), 8);
  assert.equal(readFrom(now, 8, 'characters'), 5);
  assert.equal(readFrom(Array.from('12'), 1, 'characters'), 0);
});

/** “aé b”: é is two tokens. Rows of three distances, of which those of token t reach t tokens into the text. */
const text = {
  characters: ['a', 'é', ' ', 'b'], count: 5, starts: [0, 1, 1, 2, 3],
  firstToken: Int32Array.of(0, 1, 3, 4), lastToken: Int32Array.of(0, 2, 3, 4),
};
const rows = [[0.5, 0.3, 0.2], [0.6, 0.3, 0.1], [0.2, 0.2, 0.6], [0.5, 0.25, 0.25], [0.125, 0.75, 0.125]].map((row) => Float32Array.from(row));
const near = (actual, expected) => actual.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1e-6, `${actual} is not ${expected}`));

test('what a character reads is the row of its last token; what falls before the text is told apart', () => {
  const spread = reads(text, 1, (token) => rows[token]);
  near(spread.weights, [0.2, 0.2, 0, 0]);
  near([spread.total, spread.outside], [0.4, 0.6]);
  assert.deepEqual(reads(text, 3, () => undefined).missing, [4, 5]);
});

test('those who read a character are all tokens after it that reach it', () => {
  const spread = readBy(text, 1, (token) => rows[token], 3);
  near(spread.weights, [0, 0, 0.75, 0.875]);
  assert.equal(spread.missing, null);
  assert.deepEqual(readBy(text, 0, (token) => (token < 3 ? rows[token] : undefined), 3).missing, [3, 4]);
  near(readBy(text, 0, (token) => rows[token], 1).weights, [0, 0.3, 0, 0]);
});

test('the fewest characters that hold a share are the heaviest', () => {
  const weights = Float32Array.of(0.1, 0, 0.5, 0.15, 0.25);
  assert.deepEqual(fewest(weights, 0.5), [2]);
  assert.deepEqual(fewest(weights, 0.9), [2, 4, 3]);
  assert.deepEqual(fewest(weights, 1), [2, 4, 3, 0]);
  assert.deepEqual(fewest(new Float32Array(3), 0.9), []);
  near(Object.values(beyond(weights, 1, 4)), [0.1, 0.25]);
});

test('what calls for a long span: by kind, by place in the word, by word', () => {
  const characters = Array.from('ab abc.\n');
  const values = Float32Array.from([1, 3, 5, 1, 5, 9, 7, NaN]);
  assert.deepEqual(byKind(characters, values).map(({ kind }) => kind), ['inside word']);
  assert.deepEqual(byPlace(characters, values), [{ name: 'first letter', mean: 1 }, { name: 'second', mean: 4 }, { name: 'third', mean: 9 }]);
  assert.deepEqual(byWord(characters, values), [{ name: 'abc', mean: 5 }, { name: 'ab', mean: 2 }]);
});

test('a file is read as UTF-8 up to the limit', async () => {
  const file = new Blob([`é\r\n${'x'.repeat(100)}`]);
  assert.deepEqual(await readText(file, 5), { text: 'é\nxxx', cut: true, foreign: false });
  assert.deepEqual(await readText(new Blob(['ab']), 5), { text: 'ab', cut: false, foreign: false });
  assert.equal((await readText(new Blob([Uint8Array.of(97, 0xff)]), 5)).foreign, true);
});
