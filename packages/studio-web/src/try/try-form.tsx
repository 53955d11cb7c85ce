/** What to draw, and with which models. */
import { type FormEvent, useState } from 'react';
import type { TryRequest } from './try-api.ts';

const COUNTS = [1, 2, 4, 8];
const BEST_OF = [4, 8, 16, 32];
const MAX_MODELS = 4;

interface TryFormProps {
  models: readonly string[];
  hasReward: boolean;
  onDraw: (request: TryRequest) => void;
}

export function TryForm({ models, hasReward, onDraw }: TryFormProps) {
  // The base and the newest of the others.
  const [chosen, setChosen] = useState<readonly string[]>(() => models.slice(0, 2));
  const draw = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    onDraw({
      prompt: String(form.get('prompt')),
      models: models.filter((model) => chosen.includes(model)),
      count: Number(form.get('count')),
      bestOf: Number(form.get('bestOf') ?? 0),
    });
  };
  return (
    <form className="panel try-form" onSubmit={draw}>
      <label className="labelled">
        Prompt
        <textarea
          className="field"
          name="prompt"
          rows={2}
          required
          maxLength={500}
          placeholder="Two blue dogs in the forest."
          onKeyDown={(event) => {
            if (event.key === 'Enter' && !event.shiftKey) {
              event.preventDefault();
              event.currentTarget.form?.requestSubmit();
            }
          }}
        />
      </label>
      <fieldset className="row try-models">
        <legend>Models, from the same noise</legend>
        {models.map((model) => (
          <label key={model} className="check">
            <input
              type="checkbox"
              checked={chosen.includes(model)}
              disabled={!chosen.includes(model) && chosen.length >= MAX_MODELS}
              onChange={(event) =>
                setChosen(event.target.checked ? [...chosen, model] : chosen.filter((each) => each !== model))
              }
            />
            {model}
          </label>
        ))}
      </fieldset>
      <div className="row filters">
        <label className="labelled">
          Pictures of each
          <select className="field" name="count" defaultValue="4">
            {COUNTS.map((count) => (
              <option key={count}>{count}</option>
            ))}
          </select>
        </label>
        <label className="labelled">
          Best by the reward
          <select className="field" name="bestOf" defaultValue="0" disabled={!hasReward}>
            <option value="0">{hasReward ? 'not asked' : 'no reward yet'}</option>
            {BEST_OF.map((count) => (
              <option key={count} value={count}>
                of {count}, by the first model
              </option>
            ))}
          </select>
        </label>
        <button type="submit" className="button primary" disabled={chosen.length === 0}>
          Draw
        </button>
      </div>
    </form>
  );
}
