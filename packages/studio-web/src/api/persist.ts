/**
 * Repeats requests until the studio responds, because the studio may be restarting or the network may be interrupted.
 */
import { ApiError } from './client.ts';

const ASK_AGAIN_MS = 2000;

/** Whether `persist` repeats a request after this failure, because repeating the request may help. */
export function willAskAgain(problem: unknown): boolean {
  return problem instanceof ApiError && !problem.isFinal && problem.status !== 401;
}

/**
 * Calls `ask` until it succeeds or the studio refuses the request; `onProblem` is called after each failure. The
 * returned function ends the repetition.
 */
export function persist<T>(
  ask: () => Promise<T>,
  { onDone, onProblem }: { onDone: (result: T) => void; onProblem: (problem: unknown) => void },
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  const once = () => {
    ask().then(
      (result) => isOver || onDone(result),
      (problem: unknown) => {
        if (isOver) return;
        onProblem(problem);
        if (willAskAgain(problem)) timer = setTimeout(once, ASK_AGAIN_MS);
      },
    );
  };
  once();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
