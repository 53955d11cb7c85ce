/** The practice round: what it is, and after each answer what would have been right and why. */
import { useEffect, useRef } from 'react';
import type { PracticeFeedback } from './entries.ts';
import type { ShownQuery } from './labeller.ts';

/** For those who vouched for an answer without saying why. */
const REASONS = {
  good: 'It shows what the text says and looks right.',
  bad: 'It does not show what the text says, or does not look right.',
} as const;

export function PracticeLine() {
  return (
    <p className="practice-line">
      <span className="tag">practice</span> Answer as you would later; then you are told what is right.
    </p>
  );
}

interface ExplanationProps {
  query: ShownQuery;
  /** Absent until the server has answered. */
  explanation: PracticeFeedback | undefined;
  onGoOn: () => void;
}

export function Explanation({ query, explanation, onGoOn }: ExplanationProps) {
  const next = useRef<HTMLButtonElement>(null);
  const isThere = explanation !== undefined;
  useEffect(() => {
    if (isThere) next.current?.focus();
  }, [isThere]);
  if (!explanation) return <p className="waiting">Looking up what is right…</p>;
  return (
    <section className="explanation" aria-labelledby="explanation-title">
      <h1 id="explanation-title">{titleOf(explanation)}</h1>
      <p dir="auto">
        The text was: <b>{query.prompt}</b>
      </p>
      <ol>
        {explanation.images.map(({ given, expected, why }, i) => {
          const image = query.images[i]!;
          return (
            <li key={image.name} className={given === expected ? 'is-right' : 'is-wrong'}>
              <img className="small-image" src={image.url} alt={`Candidate ${i + 1}`} width={96} height={96} />
              <p>
                <b>{verdictOf(given, expected)}</b> <span dir="auto">{why ?? REASONS[expected]}</span>
              </p>
            </li>
          );
        })}
      </ol>
      <button ref={next} type="button" className="button primary" onClick={onGoOn}>
        Go on
      </button>
    </section>
  );
}

function titleOf({ images }: PracticeFeedback): string {
  if (images.every(({ given, expected }) => given === expected)) return 'That is right';
  if (images.some(({ given }) => given === 'skip')) return 'This is what is right';
  return 'Not quite: this is what is right';
}

function verdictOf(given: 'good' | 'bad' | 'skip', expected: 'good' | 'bad'): string {
  const right = expected === 'good' ? 'Good' : 'Bad';
  if (given === 'skip') return `${right} is right.`;
  return given === expected ? `${right}, as you said.` : `You said ${given}; ${expected} is right.`;
}
