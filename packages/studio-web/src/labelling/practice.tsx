/** The practice round: what it is, and after each answer what would have been right and why. */
import { useEffect, useRef } from 'react';
import { type Texts, useTexts } from '../language/language.ts';
import type { PracticeFeedback } from './entries.ts';
import type { ShownQuery } from './labeller-state.ts';

export function PracticeLine() {
  const { practice } = useTexts();
  return (
    <p className="practice-line">
      <span className="tag">{practice.mark}</span> {practice.text}
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
  const { practice, common } = useTexts();
  const next = useRef<HTMLButtonElement>(null);
  const isThere = explanation !== undefined;
  useEffect(() => {
    if (isThere) next.current?.focus();
  }, [isThere]);
  if (!explanation) return <p className="waiting">{practice.lookingUp}</p>;
  return (
    <section className="explanation" aria-labelledby="explanation-title">
      <h1 id="explanation-title">{titleOf(explanation, practice)}</h1>
      <p>
        {practice.textWas} <b dir="auto">{query.prompt}</b>
      </p>
      <ol>
        {explanation.images.map(({ given, expected, why }, i) => {
          const image = query.images[i]!;
          return (
            <li key={image.name} className={given === expected ? 'is-right' : 'is-wrong'}>
              <img className="small-image" src={image.url} alt={common.candidate(i + 1)} width={96} height={96} />
              <p>
                <b>{verdictOf(given, expected, practice)}</b>{' '}
                <span dir="auto">{why ?? (expected === 'good' ? practice.whyGood : practice.whyBad)}</span>
              </p>
            </li>
          );
        })}
      </ol>
      <button ref={next} type="button" className="button primary" onClick={onGoOn}>
        {practice.goOn}
      </button>
    </section>
  );
}

function titleOf({ images }: PracticeFeedback, practice: Texts['practice']): string {
  if (images.every(({ given, expected }) => given === expected)) return practice.right;
  if (images.some(({ given }) => given === 'skip')) return practice.thisIsRight;
  return practice.notQuite;
}

function verdictOf(given: 'good' | 'bad' | 'skip', expected: 'good' | 'bad', practice: Texts['practice']): string {
  const isGood = expected === 'good';
  if (given === 'skip') return isGood ? practice.goodIsRight : practice.badIsRight;
  if (given === expected) return isGood ? practice.goodAsYouSaid : practice.badAsYouSaid;
  return isGood ? practice.youSaidBad : practice.youSaidGood;
}
