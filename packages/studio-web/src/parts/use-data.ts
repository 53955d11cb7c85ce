/** What a page shows of the server: loaded when the page opens and whenever it is asked to. */
import { useCallback, useEffect, useRef, useState } from 'react';

export interface Loaded<T> {
  data?: T;
  problem?: string;
  reload: () => void;
}

/**
 * `load` must be stable or change with what it loads. An answer is dropped where a newer one was there first or
 * something else is loaded by now, and not where it was only asked again: on a slow machine nothing would ever be
 * shown.
 */
export function useData<T>(load: () => Promise<T>): Loaded<T> {
  const [state, setState] = useState<{ data?: T; problem?: string }>({});
  const [turn, setTurn] = useState(0);
  const newest = useRef({ load, turn });
  useEffect(() => {
    if (newest.current.load !== load) newest.current = { load, turn };
    const isInTime = () => {
      if (newest.current.load !== load || turn < newest.current.turn) return false;
      newest.current.turn = turn;
      return true;
    };
    load().then(
      (data) => isInTime() && setState({ data }),
      (error: Error) => isInTime() && setState((earlier) => ({ ...earlier, problem: error.message })),
    );
  }, [load, turn]);
  return { ...state, reload: useCallback(() => setTurn((earlier) => earlier + 1), []) };
}
