/** The same prompts and seeds drawn again and again as training goes on, with a slider over the steps. */
import { useEffect, useState } from 'react';

interface SampleSliderProps {
  run: string;
  steps: readonly number[];
  /** One a row of the grid. */
  prompts: readonly string[];
}

export function SampleSlider({ run, steps, prompts }: SampleSliderProps) {
  /** Undefined follows the newest. */
  const [chosen, setChosen] = useState<number>();
  const index = Math.min(chosen ?? steps.length - 1, steps.length - 1);
  const step = steps[index];
  useEffect(() => {
    // Loaded before they are asked for: the slider must not flicker.
    for (const each of steps) new Image().src = sampleUrl(run, each);
  }, [run, steps]);
  if (step === undefined) return null;
  return (
    <section>
      <h2>Samples</h2>
      <div className="samples">
        <div className="samples-grid">
          <img src={sampleUrl(run, step)} alt={`Drawn at step ${step}: ${prompts.join(' ')}`} />
          <ol className="samples-prompts" aria-hidden="true">
            {prompts.map((prompt) => (
              <li key={prompt} dir="auto">
                {prompt}
              </li>
            ))}
          </ol>
        </div>
        <label className="samples-step">
          <span>
            Step <b>{step}</b> of {steps.at(-1)}
          </span>
          <input
            type="range"
            aria-label="Step of the samples"
            aria-valuetext={`step ${step}`}
            min={0}
            max={steps.length - 1}
            step={1}
            value={index}
            onChange={(event) => {
              const at = Number(event.target.value);
              setChosen(at === steps.length - 1 ? undefined : at);
            }}
          />
        </label>
        <p className="soft">
          One row a prompt, the same four seeds in each: what changes is the model alone. Step 0 is the model before.
        </p>
      </div>
    </section>
  );
}

function sampleUrl(run: string, step: number): string {
  return `/api/training/${encodeURIComponent(run)}/samples/${step}`;
}
