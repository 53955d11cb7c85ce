/**
 * Repeats requests until the studio responds, because the studio may be restarting or the network may be interrupted.
 */
import { ApiError } from './client.ts';

const ASK_AGAIN_MS = 2000;

/** Whether repeating the request may help; `persist` then repeats it. */
export function willAskAgain(problem: unknown): boolean {
  return problem instanceof ApiError && !problem.isFinal && problem.status !== 401;
}

/**
 * Repeats `ask` while the studio does not respond; `onProblem` is called after each failure. Rejects when the studio
 * refuses the request. The returned function ends the repetition.
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
