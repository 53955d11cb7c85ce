/**
 * The queue of requests that wait for the image model. A batch takes one picture of each request in turn, so that a
 * large request does not keep small ones waiting. A request whose client has left is dropped, and a batch that no
 * request needs any more is stopped. The queue itself draws nothing; the caller supplies the function that draws a
 * batch.
 */
/** One picture to draw. */
export interface Drawing {
  readonly prompt: string;
  readonly seed: number;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /**
   * Number of candidates from which the reward chooses the picture; candidates are pruned during denoising. The
   * candidates have consecutive seeds, beginning with `seed`.
   */
  readonly candidates?: number | undefined;
}

/** Why a request was refused. */
export interface Refused {
  readonly reason: 'full' | 'closed';
  /** Estimated seconds until the queue may have room. */
  readonly retryAfterSeconds: number;
}

export interface DrawingQueue<Picture> {
  /**
   * Draws all pictures of a request, which must have the same size, or returns why the request was refused. Rejects
   * with an AbortError when `signal` fires.
   */
  draw(drawings: readonly Drawing[], signal: AbortSignal): Promise<Picture[] | Refused>;
  state(): { readonly waiting: number; readonly drawing: number; readonly limit: number };
  /** Refuses new requests. Resolves when all accepted requests are finished, or have been stopped after `graceMs`. */
  close(options: { graceMs: number }): Promise<void>;
}

interface Order<Picture> {
  readonly drawings: readonly Drawing[];
  readonly pictures: Picture[];
  /** Index of the first drawing that has not started. */
  next: number;
  left: number;
  readonly resolve: (pictures: Picture[]) => void;
  readonly reject: (error: unknown) => void;
}

const MAX_RETRY_SECONDS = 60;

export function createDrawingQueue<Picture>(options: {
  /** Draws a batch of pictures, all with the same size and the same number of candidates. */
  draw: (batch: readonly Drawing[], signal: AbortSignal) => Promise<Picture[]>;
  /** Largest number of pictures in a batch with this size and number of candidates. */
  batchSize: (size: Drawing) => number;
  /** Largest number of waiting requests. */
  limit: number;
}): DrawingQueue<Picture> {
  const { draw, batchSize, limit } = options;
  /** Accepted, unfinished requests. */
  const orders = new Set<Order<Picture>>();
  let running: { readonly orders: ReadonlySet<Order<Picture>>; readonly controller: AbortController } | undefined;
  let working: Promise<void> | undefined;
  let isClosed = false;
  let secondsPerImage = 1;

  const waiting = () => [...orders].filter(({ next }) => next === 0).length;
  const retryAfterSeconds = () => {
    const left = [...orders].reduce((sum, order) => sum + order.left, 0);
    return Math.max(1, Math.min(MAX_RETRY_SECONDS, Math.ceil(left * secondsPerImage)));
  };
  const drop = (order: Order<Picture>, error: unknown) => {
    if (!orders.delete(order)) return;
    order.reject(error);
    if (running && ![...running.orders].some((other) => orders.has(other))) running.controller.abort();
  };

  const runBatch = async () => {
    const batch = takeBatch(orders, batchSize);
    const controller = new AbortController();
    running = { orders: new Set(batch.map(({ order }) => order)), controller };
    const startedMs = performance.now();
    try {
      const pictures = await draw(
        batch.map(({ order, index }) => order.drawings[index]!),
        controller.signal,
      );
      secondsPerImage = (secondsPerImage + (performance.now() - startedMs) / 1000 / batch.length) / 2;
      batch.forEach(({ order, index }, i) => {
        order.pictures[index] = pictures[i]!;
        order.left--;
        if (order.left === 0 && orders.delete(order)) order.resolve(order.pictures);
      });
    } catch (error) {
      for (const order of running.orders) drop(order, error);
    } finally {
      running = undefined;
    }
  };
  const work = async () => {
    // Waits one tick, so that concurrent requests share the first batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (orders.size > 0) await runBatch();
    working = undefined;
  };

  return {
    async draw(drawings, signal) {
      if (isClosed) return { reason: 'closed', retryAfterSeconds: retryAfterSeconds() };
      if (working && waiting() >= limit) return { reason: 'full', retryAfterSeconds: retryAfterSeconds() };
      signal.throwIfAborted();
      let leave = () => {};
      const done = new Promise<Picture[]>((resolve, reject) => {
        const order: Order<Picture> = { drawings, pictures: [], next: 0, left: drawings.length, resolve, reject };
        orders.add(order);
        leave = () => drop(order, new DOMException('The request was aborted', 'AbortError'));
      });
      signal.addEventListener('abort', leave, { once: true });
      working ??= work();
      return done.finally(() => signal.removeEventListener('abort', leave));
    },
    state: () => ({ waiting: waiting(), drawing: orders.size - waiting(), limit }),
    async close({ graceMs }) {
      isClosed = true;
      const late = setTimeout(() => {
        for (const order of [...orders]) drop(order, new DOMException('The server is stopping', 'AbortError'));
      }, graceMs);
      await working;
      clearTimeout(late);
    },
  };
}

/**
 * Takes a batch of drawings of one size from the requests in round robin. Requests with a drawing in the batch move to
 * the end of the queue.
 */
function takeBatch<Picture>(
  orders: Set<Order<Picture>>,
  batchSize: (size: Drawing) => number,
): { readonly order: Order<Picture>; readonly index: number }[] {
  const open = [...orders].filter(({ next, drawings }) => next < drawings.length);
  const { width, height, candidates } = open[0]!.drawings[0]!;
  const alike = open.filter(
    ({ drawings: [first] }) => first!.width === width && first!.height === height && first!.candidates === candidates,
  );
  const most = batchSize(alike[0]!.drawings[0]!);
  const taken: { order: Order<Picture>; index: number }[] = [];
  for (let found = true; found && taken.length < most; ) {
    found = false;
    for (const order of alike) {
      if (order.next === order.drawings.length || taken.length === most) continue;
      taken.push({ order, index: order.next++ });
      found = true;
    }
  }
  for (const order of new Set(taken.map((each) => each.order))) {
    orders.delete(order);
    orders.add(order);
  }
  return taken;
}
