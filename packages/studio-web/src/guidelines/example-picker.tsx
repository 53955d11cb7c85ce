/** Picks images of the project as examples. */
import { useCallback, useState } from 'react';
import { api, pictureUrl, read } from '../api/client.ts';
import { useData } from '../parts/use-data.ts';

interface ExamplePickerProps {
  onPick: (example: { image: string; verdict: 'good' | 'bad'; prompt: string }) => void;
}

const LABELS = [
  ['', 'all'],
  ['good', 'judged good'],
  ['bad', 'judged bad'],
] as const;
const SHOWN = 12;

export function ExamplePicker({ onPick }: ExamplePickerProps) {
  const [prompt, setPrompt] = useState('');
  const [label, setLabel] = useState<(typeof LABELS)[number][0]>('');
  const load = useCallback(
    () =>
      read(
        api.images.$get({
          query: { ...(prompt === '' ? {} : { prompt }), ...(label === '' ? {} : { label }) },
        }),
      ),
    [prompt, label],
  );
  const { data, problem } = useData(load);
  return (
    <section className="panel" aria-labelledby="examples-title">
      <h2 id="examples-title">Example pictures</h2>
      <p className="soft">
        A picture goes in as a line of its own, where the cursor is; write the reason between its quotes.
      </p>
      <div className="row filters">
        <label className="labelled">
          Prompt holds
          <input className="field" value={prompt} maxLength={200} onChange={(event) => setPrompt(event.target.value)} />
        </label>
        <label className="labelled">
          Images
          <select
            className="field"
            value={label}
            onChange={(event) => setLabel(event.target.value as (typeof LABELS)[number][0])}
          >
            {LABELS.map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        </label>
      </div>
      {problem !== undefined && <p className="status-problem">That did not work: {problem}.</p>}
      {data?.images.length === 0 && <p className="soft">There is no such image.</p>}
      <ul className="gallery">
        {data?.images.slice(0, SHOWN).map(({ id, name, prompt: text }) => (
          <li key={id}>
            <img src={pictureUrl(name)} alt="" loading="lazy" width={160} height={160} />
            <p dir="auto">{text}</p>
            <div className="row">
              {(['good', 'bad'] as const).map((verdict) => (
                <button
                  key={verdict}
                  type="button"
                  className="button small"
                  onClick={() => onPick({ image: id, verdict, prompt: text })}
                >
                  {verdict === 'good' ? 'As good' : 'As bad'}
                  <span className="visually-hidden"> example: {text}</span>
                </button>
              ))}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
