/** One question with its three answers; the one that keys answer is marked. */

import { keySettings, nameOfKey } from '../labelling/keys.ts';
import { useStore } from '../parts/store.ts';
import { PREFERENCE_NAMES, PREFERENCES, type Preference, QUESTIONS, type Question } from './questions.ts';

interface QuestionPanelProps {
  question: Question;
  said: Preference | undefined;
  isCurrent: boolean;
  onSay: (preference: Preference) => void;
}

export function QuestionPanel({ question, said, isCurrent, onSay }: QuestionPanelProps) {
  const { isOn } = useStore(keySettings);
  return (
    <fieldset className={`question ${isCurrent ? 'is-current' : ''}`}>
      <legend>{QUESTIONS[question]}</legend>
      {PREFERENCE_NAMES.map((preference) => {
        const { name, key } = PREFERENCES[preference];
        return (
          <button
            key={preference}
            type="button"
            className="preference"
            aria-pressed={said === preference}
            onClick={() => onSay(preference)}
          >
            {name}
            {isOn && isCurrent && (
              <span className="key-hint" aria-hidden="true">
                {nameOfKey(key)}
              </span>
            )}
          </button>
        );
      })}
    </fieldset>
  );
}
