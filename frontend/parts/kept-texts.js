/** Texts too long for an address stay in this browser under their SHA-256. */

import { firstText } from './examples.js';

const longest = 1500;
const place = (/** @type {string} */ hash) => `text ${hash}`;

/** @param {string} text @returns {Promise<Choices>} */
export async function addressed(text) {
  if (text.length <= longest) return { text: text.toWellFormed(), stored: undefined };
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  const hash = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  localStorage.setItem(place(hash), text);
  return { text: undefined, stored: hash };
}

/** @param {string} hash */
export const kept = (hash) => localStorage.getItem(place(hash));

/** The text that the address speaks of. @param {Choices} choices @param {(error: unknown) => void} complain */
export function recall({ text, stored }, complain) {
  if (text !== undefined) return text;
  if (!stored) return firstText;
  const found = kept(stored);
  if (found === null) complain(new Error('This link’s text is kept in another browser; here is an example in its place.'));
  return found ?? firstText;
}
