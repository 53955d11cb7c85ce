/** Asking until the studio answers: it may be starting again, or the network be gone for a moment. */
import { ApiError } from './client.ts';

const ASK_AGAIN_MS = 2000;

/** True where asking again may help, so that `persist` does. */
export function willAskAgain(problem: unknown): boolean {
  return problem instanceof ApiError && !problem.isFinal && problem.status !== 401;
}

/**
 * Repeats `ask` while the studio does not answer; `onProblem` is told each time. Rejects with what the studio refuses.
 * The returned function ends it.
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
