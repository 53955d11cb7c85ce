/** One question with its three answers; the one that keys answer is marked. */
import { useTexts } from '../language/language.ts';
import { KeyHint } from '../parts/key-hint.tsx';
import { PREFERENCE_NAMES, PREFERENCES, type Preference, type Question } from './questions.ts';

interface QuestionPanelProps {
  question: Question;
  said: Preference | undefined;
  isCurrent: boolean;
  /** Which of its keys are shown: on the enlarged images the letters. */
  keyIndex?: 0 | 1;
  onSay: (preference: Preference) => void;
}

export function QuestionPanel({ question, said, isCurrent, keyIndex = 0, onSay }: QuestionPanelProps) {
  const { comparing } = useTexts();
  return (
    <fieldset className={`question ${isCurrent ? 'is-current' : ''}`}>
      <legend>{comparing[question]}</legend>
      {PREFERENCE_NAMES.map((preference) => (
        <button
          key={preference}
          type="button"
          className="preference"
          aria-pressed={said === preference}
          onClick={() => onSay(preference)}
        >
          {comparing[preference]}
          {isCurrent && <KeyHint name={PREFERENCES[preference].keys[keyIndex]} />}
        </button>
      ))}
    </fieldset>
  );
}
