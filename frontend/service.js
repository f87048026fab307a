/** Whether the service answers; while it does not, it is looked for ever less often. */

const firstPause = 500;
const longestPause = 8000;
const changed = new EventTarget();
/** @type {Promise<void> | undefined} */
let search;
let hurry = () => {};

/** Resolves when the service answers again: whoever was refused waits here, and then asks again. */
export function found() {
  if (!search) {
    search = look().finally(() => {
      search = undefined;
      changed.dispatchEvent(new Event('service'));
    });
    changed.dispatchEvent(new Event('service'));
  }
  return search;
}

/** @param {(lost: boolean) => void} react */
export function onService(react) {
  changed.addEventListener('service', () => react(search !== undefined));
}

/** Looks at once. */
export const lookNow = () => hurry();

async function look() {
  for (let pause = firstPause; ; pause = Math.min(2 * pause, longestPause)) {
    await new Promise((resolve) => {
      hurry = () => resolve(undefined);
      addEventListener('online', hurry, { once: true });
      setTimeout(hurry, pause);
    });
    const answer = await fetch('/healthz', { cache: 'no-store' }).catch(() => null);
    if (answer?.ok) return;
  }
}

/**
 * A view's module. Where the service was away, or is of another version by now, the page begins anew at the same address.
 * @template T
 * @param {() => Promise<T>} load
 * @returns {Promise<T>}
 */
export async function loaded(load) {
  try {
    return await load();
  } catch (error) {
    const html = await fetch(location.pathname).then((answer) => (answer.ok ? answer.text() : null), () => null);
    if (html?.includes(new URL('.', import.meta.url).pathname)) throw error;
    if (html === null) await found();
    location.reload();
    return new Promise(() => {});
  }
}
