/** What a page shows of the server: loaded when the page opens and whenever it is asked to. */
import { useCallback, useEffect, useState } from 'react';

export interface Loaded<T> {
  data?: T;
  problem?: string;
  reload: () => void;
}

/** `load` must be stable or change with what it loads; an answer that comes too late is dropped. */
export function useData<T>(load: () => Promise<T>): Loaded<T> {
  const [state, setState] = useState<{ data?: T; problem?: string }>({});
  const [turn, setTurn] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new turn loads again
  useEffect(() => {
    let isCurrent = true;
    load().then(
      (data) => isCurrent && setState({ data }),
      (error: Error) => isCurrent && setState((earlier) => ({ ...earlier, problem: error.message })),
    );
    return () => {
      isCurrent = false;
    };
  }, [load, turn]);
  return { ...state, reload: useCallback(() => setTurn((earlier) => earlier + 1), []) };
}
