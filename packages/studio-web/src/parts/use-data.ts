/** Data of a page from the server, loaded when the page opens and on request. */
import { useCallback, useEffect, useRef, useState } from 'react';

export interface Loaded<T> {
  data?: T;
  problem?: string;
  reload: () => void;
}

/**
 * A React hook that loads data. `load` must be the same function at every render, unless other data are to be loaded. A
 * response is dropped if a newer one arrived first, or if the page now loads something else. A new request alone does
 * not drop the response to an earlier request; otherwise a slow machine might never show any data.
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
