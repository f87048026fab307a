/** What of a text is new. */

/** How many characters two texts begin with alike. @param {string[]} one @param {string[]} other */
export function alike(one, other) {
  const most = Math.min(one.length, other.length);
  let same = 0;
  while (same < most && one[same] === other[same]) same++;
  return same;
}

/** How many of the rest they end with alike. @param {string[]} one @param {string[]} other @param {number} before how many they begin with */
export function alikeAtEnd(one, other, before) {
  const most = Math.min(one.length, other.length) - before;
  let same = 0;
  while (same < most && one[one.length - 1 - same] === other[other.length - 1 - same]) same++;
  return same;
}

const letter = /[a-z]/i;

/**
 * From where a text must be read again, given how much of it is as before. Bytes follow one another; an alphabet of
 * letters makes one space of a run of other characters, so that what is added to a run changes its beginning.
 * @param {string[]} text
 * @param {number} same
 * @param {Unit} unit
 */
export function readFrom(text, same, unit) {
  if (unit === 'bytes') return same;
  let from = same;
  while (from > 0 && !letter.test(text[from - 1])) from--;
  return from;
}
