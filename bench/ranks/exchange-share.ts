/** How much of an update is the exchange of gradients, on a line of a given rate. */

/** Lines that clusters have. */
export const LINE_RATES_GBIT = [1, 10, 25, 100] as const;
/** What a transfer reaches of the line's rate. */
const REACHED = 0.9;

export interface LineOptions {
  /** Of the gradients. */
  readonly bytes: number;
  readonly ranks: number;
  readonly gbit: number;
  /** Of an update, with the exchange inside one machine. */
  readonly updateSeconds: number;
  /** Of that exchange. */
  readonly seconds: number;
}

/** Each rank sends and receives 2 (R - 1) / R times its gradients; both directions of the line work at once. */
export function shareOnLine({ bytes, ranks, gbit, updateSeconds, seconds }: LineOptions) {
  const exchange = (((2 * (ranks - 1)) / ranks) * bytes * 8) / (gbit * 1e9 * REACHED);
  const compute = updateSeconds - seconds;
  return { seconds: exchange, share: exchange / (compute + exchange) };
}

export function shareOfExchange(link: { readonly exchangeSeconds: number; readonly updateSeconds: number }): number {
  return link.exchangeSeconds / link.updateSeconds;
}
