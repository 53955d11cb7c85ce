/** One button that has the most instructive images of the newest model judged before all others. */
import { type FormEvent, useId } from 'react';
import { api, read } from '../api/client.ts';
import { followLink } from '../parts/router.ts';
import type { RoundsData } from './rounds-page.tsx';

const USUAL_COUNT = 60;
const MOST = 1000;

interface LabelNextProps {
  data: RoundsData;
  isBusy: boolean;
  onStart: (started: Promise<unknown>) => void;
}

export function LabelNext({ data, isBusy, onStart }: LabelNextProps) {
  const { model, images, weak } = data.labelNext;
  const id = useId();
  const start = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const count = Number(new FormData(event.currentTarget).get('count'));
    onStart(read(api.rounds['label-next'].$post({ json: { count } })));
  };
  return (
    <section className="panel" aria-labelledby={`${id}title`}>
      <h2 id={`${id}title`}>Label next</h2>
      {data.undrawn !== null && (
        <div className="row">
          <p className="soft">
            <bdi>{data.undrawn}</bdi> has drawn no images yet. Labels on the newest model's images teach most.
          </p>
          <button
            type="button"
            className="button push"
            disabled={isBusy}
            onClick={() => onStart(read(api.rounds.draw.$post()))}
          >
            {`Draw images with ${data.undrawn}`}
          </button>
        </div>
      )}
      {model === null ? (
        <p className="soft">Every image is judged.</p>
      ) : (
        <>
          <p>
            {images} {images === 1 ? 'image' : 'images'} of <bdi>{model}</bdi> {images === 1 ? 'has' : 'have'} no
            judgement. heed ranks them by the doubt of the reward, and prompts take turns.{' '}
            {weak.length > 0 &&
              `Doubts count double where the reward is not surely better than chance and than CLIP score: ${weak.join(', ')}.`}
          </p>
          {data.reward === null ? (
            <p className="soft">
              There is no reward to be in doubt:{' '}
              <a href="/rewards" onClick={followLink}>
                train one
              </a>{' '}
              first.
            </p>
          ) : (
            <form className="row filters" onSubmit={start}>
              <label className="labelled">
                Images
                <input
                  name="count"
                  type="number"
                  className="field"
                  min={1}
                  max={MOST}
                  required
                  defaultValue={Math.min(USUAL_COUNT, images)}
                />
              </label>
              <button type="submit" className="button primary" disabled={isBusy}>
                Have them judged first
              </button>
            </form>
          )}
        </>
      )}
    </section>
  );
}
