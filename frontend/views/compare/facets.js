/** Which points share axes: those of one corpus, measured on the same text. */

/**
 * @typedef {import('../../parts/costs.js').Cost} Cost
 * @typedef {{ x: number, y: number }} Point
 * @typedef {{
 *   corpus: string, unit: string, whole: boolean, others: (Checkpoint & Point)[], chosen: (import('./chosen.js').Chosen & Point)[],
 *   published: (PublishedResult & Point & { test: boolean })[],
 * }} Facet `whole`: bits are those of all of valid, else of the part that training evaluates on
 */

/**
 * A facet a corpus: those of the chosen checkpoints, then those of published models alone, which have only the paper's cost.
 * @param {{ checkpoints: Checkpoint[], chosen: import('./chosen.js').Chosen[], published: PublishedResult[] }} state
 * @param {Cost} against
 * @returns {Facet[]}
 */
export function facetsOf({ checkpoints, chosen, published }, against) {
  const printed = against === 'flops' ? published.flatMap(pointOf) : [];
  const corpora = new Set([...chosen, ...printed].map(({ corpus }) => corpus));
  return [...corpora].map((corpus) => {
    const own = chosen.filter((checkpoint) => checkpoint.corpus === corpus);
    const whole = own.every(({ bpc }) => bpc.valid !== null);
    /** @template {Checkpoint} T @param {T} checkpoint @returns {(T & Point)[]} */
    const measured = (checkpoint) => {
      const y = whole ? checkpoint.bpc.valid : checkpoint.bpc.part;
      return y === null ? [] : [{ ...checkpoint, x: checkpoint[against], y }];
    };
    const rest = checkpoints.filter((checkpoint) => checkpoint.corpus === corpus && !own.some(({ id }) => id === checkpoint.id));
    const unit = own[0]?.unit.slice(0, -1) ?? 'character';
    return { corpus, unit, whole, others: rest.flatMap(measured), chosen: own.flatMap(measured), published: printed.filter((result) => result.corpus === corpus) };
  }).filter((facet) => facet.others.length + facet.chosen.length + facet.published.length);
}

/** @param {PublishedResult} result */
function pointOf(result) {
  const y = result.bpc_test ?? result.bpc_dev;
  return result.flops === null || y === null ? [] : [{ ...result, x: result.flops, y, test: result.bpc_test !== null }];
}
