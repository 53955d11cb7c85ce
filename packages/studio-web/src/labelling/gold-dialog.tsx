/** The owner vouches for the right answer to a query, with a reason that raters are told in their practice round. */
import { type FormEvent, useState } from 'react';
import { api, read } from '../api/client.ts';
import { Dialog } from '../parts/dialog.tsx';
import type { ShownQuery } from './labeller-state.ts';
import type { Mark } from './marks.ts';

interface GoldDialogProps {
  query: ShownQuery;
  /** What is marked already. */
  marks: readonly (Mark | undefined)[];
  onClose: () => void;
  /** The server has it; these are the labels. */
  onKept: (marks: Mark[]) => void;
}

const CHOICES = [
  ['good', 'Good'],
  ['bad', 'Bad'],
] as const;

export function GoldDialog({ query, marks, onClose, onKept }: GoldDialogProps) {
  const [problem, setProblem] = useState<string>();
  const keep = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const images = query.images.map((_, i) => {
      const why = String(form.get(`why-${i}`)).trim();
      return { label: form.get(`label-${i}`) as Mark, ...(why === '' ? {} : { why }) };
    });
    try {
      await read(api.gold.$post({ json: { query: query.id, images } }));
      onKept(images.map(({ label }) => label));
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <Dialog title="Known answer" className="gold-dialog" onClose={onClose}>
      <h2>Known answer</h2>
      <p>
        You vouch for what is right here. Raters practise with the first ones, and are measured by the others without
        being told; neither teaches a reward. <b dir="auto">{query.prompt}</b>
      </p>
      <form className="stack" onSubmit={(event) => void keep(event)}>
        {query.images.map((image, i) => (
          <fieldset key={image.name} className="gold-image">
            <legend className="visually-hidden">Image {i + 1}</legend>
            <img className="small-image" src={image.url} alt={`Candidate ${i + 1}`} width={72} height={72} />
            <div className="stack">
              <div className="row">
                {CHOICES.map(([value, text]) => (
                  <label key={value} className="check">
                    <input
                      type="radio"
                      name={`label-${i}`}
                      value={value}
                      required
                      defaultChecked={marks[i] === value}
                    />
                    {text}
                  </label>
                ))}
              </div>
              <input
                className="field"
                name={`why-${i}`}
                aria-label={`Why, image ${i + 1}`}
                placeholder="Why, in a few words"
                maxLength={300}
                autoComplete="off"
              />
            </div>
          </fieldset>
        ))}
        {problem !== undefined && (
          <p className="status-problem" role="alert">
            That did not work: {problem}.
          </p>
        )}
        <div className="row">
          <button type="button" className="button quiet" onClick={onClose}>
            Back
          </button>
          <button type="submit" className="button primary push">
            Keep as known
          </button>
        </div>
      </form>
    </Dialog>
  );
}
