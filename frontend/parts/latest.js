/**
 * Does one thing at a time, and of what it is asked to do meanwhile only the last.
 * @template T
 * @param {(value: T) => Promise<unknown>} work that deals with its own errors
 * @returns {(value: T) => Promise<void>} ends when all is done
 */
export function latest(work) {
  let waiting = /** @type {{ value: T } | undefined} */ (undefined);
  let working = /** @type {Promise<void> | undefined} */ (undefined);

  async function workOff() {
    while (waiting) {
      const { value } = waiting;
      waiting = undefined;
      await work(value);
    }
    working = undefined;
  }

  return (value) => {
    waiting = { value };
    working ??= workOff();
    return working;
  };
}
