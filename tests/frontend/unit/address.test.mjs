import './page.mjs';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const { format, read } = await import('../../../frontend/address.js');

/** @param {string} address */
function readBack(address) {
  const [pathname, hash = ''] = address.split('#');
  Object.assign(globalThis.location, { pathname, hash: hash && `#${hash}` });
  return read();
}

test('an address gives back the view and the choices that it was made of', () => {
  const choices = { checkpoint: 'classics-adaptive@9800', head: 'L4H3', text: 'a+b & c = 50%\n# “ü” 🙂' };
  assert.deepEqual(readBack(format('text', choices)), { view: 'text', choices });
});

test('a checkpoint stays readable, what is not chosen is not named, and an empty text is', () => {
  assert.equal(format('spans', { checkpoint: 'a@5', head: undefined }), '/spans#checkpoint=a@5');
  assert.equal(format('learn', {}), '/learn');
  assert.deepEqual(readBack(format('text', { text: '' })).choices, { text: '' });
});

test('an unknown path shows the first view, also one that an object has by nature', () => {
  for (const path of ['/', '/nowhere', '/constructor']) assert.equal(readBack(path).view, 'spans');
});

test('half a character, as a browser can make one, does not break a link', () => {
  assert.doesNotThrow(() => format('text', { text: 'a\ud83d' }));
});
