/** Starts a comparison: which models, and how many people answer each query. */

import { type FormEvent, useState } from 'react';
import { api, read } from '../api/client.ts';
import { followLink } from '../parts/router.ts';
import { RatersField } from './raters-field.tsx';

interface StartComparisonProps {
  /** Models with evaluation images, in the order in which they were first drawn with. */
  models: readonly string[];
  /** Suggested number of people. */
  raters: number;
  onStarted: () => void;
}

export function StartComparison({ models, raters, onStarted }: StartComparisonProps) {
  const [failure, setFailure] = useState<string>();
  if (models.length < 2) {
    return (
      <p className="soft">
        People can compare models blind once two have evaluation images.{' '}
        {models.length === 1 ? 'Only one has them.' : 'None has them yet.'} <code>heed evaluate</code> draws them, also
        from the{' '}
        <a href="/" onClick={followLink}>
          overview
        </a>
        .
      </p>
    );
  }
  const start = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    // The newest first: sentences then say what it gained.
    const chosen = form.getAll('model').map(String).reverse();
    if (chosen.length < 2) return setFailure('choose at least two models');
    read(api.comparisons.$post({ json: { models: chosen, raters: Number(form.get('raters')) } })).then(
      () => {
        setFailure(undefined);
        onStarted();
      },
      (error: Error) => setFailure(error.message),
    );
  };
  const suggested = [models[0], models.at(-1)];
  return (
    <form className="panel" onSubmit={start} aria-label="Start a comparison">
      <div className="row filters">
        <fieldset className="models">
          <legend>Models to compare</legend>
          {models.map((model) => (
            <label key={model} className="check">
              <input type="checkbox" name="model" value={model} defaultChecked={suggested.includes(model)} />
              <bdi>{model}</bdi>
            </label>
          ))}
        </fieldset>
        <RatersField raters={raters} />
        <button type="submit" className="button primary">
          Start a comparison
        </button>
      </div>
      {failure !== undefined && (
        <p className="status-problem" role="alert">
          That did not work: {failure}.
        </p>
      )}
    </form>
  );
}
