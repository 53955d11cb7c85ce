/**
 * Watches a training run until it ends: server-sent events report new points of the training curves and new sample
 * grids.
 */
import type { TrainingNews } from '@heed/studio-api';
import { useEffect, useState } from 'react';

export interface Watched {
  readonly isGoing: boolean;
  /** The metrics records of each curve, in the order of the steps. */
  readonly curves: ReadonlyMap<string, TrainingNews['curves'][number]['records']>;
  /** Readable titles of the metrics, by the metric's name, in the order of display. */
  readonly titles: Readonly<Record<string, string>>;
  readonly samples: readonly number[];
}

/**
 * A React hook that returns the run's state; undefined before the first event. `onEnd` is called when a run that was in
 * progress has ended.
 */
export function useTraining(id: string | undefined, onEnd: () => void): Watched | undefined {
  const [watched, setWatched] = useState<{ id: string; state: Watched }>();
  useEffect(() => {
    if (id === undefined) return;
    let state: Watched = { isGoing: true, curves: new Map(), titles: {}, samples: [] };
    let wasGoing = false;
    const source = new EventSource(`/api/training/${encodeURIComponent(id)}/events`);
    // A lost connection is opened again, and all messages are sent again.
    source.onopen = () => {
      state = { ...state, curves: new Map(), samples: [] };
    };
    source.onmessage = ({ data }: MessageEvent<string>) => {
      const news = JSON.parse(data) as TrainingNews;
      const curves = new Map(state.curves);
      for (const { name, isAnew, records } of news.curves) {
        curves.set(name, isAnew ? records : [...(curves.get(name) ?? []), ...records]);
      }
      const { titles = state.titles, samples = state.samples } = news;
      state = { isGoing: news.isGoing, curves, titles, samples };
      setWatched({ id, state });
      wasGoing ||= news.isGoing;
      if (news.isGoing) return;
      source.close();
      if (wasGoing) onEnd();
    };
    return () => source.close();
  }, [id, onEnd]);
  return watched?.id === id ? watched?.state : undefined;
}
