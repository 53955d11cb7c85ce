/** The enlarged images of both sides, judged by the same buttons as under them; arrows move, letters answer. */
import type { KeyboardEvent } from 'react';
import { keySettings } from '../labelling/keys.ts';
import { ZoomDialog } from '../labelling/zoom-dialog.tsx';
import { useTexts } from '../language/language.ts';
import { KeyHint } from '../parts/key-hint.tsx';
import type { Comparer } from './comparer.ts';
import type { ComparerState } from './comparer-state.ts';
import { comparingAct } from './comparing-keys.ts';
import { QuestionPanel } from './question-panel.tsx';
import { QUESTION_NAMES } from './questions.ts';

interface ComparingZoomProps {
  comparer: Comparer;
  state: ComparerState;
  index: number;
  onIndex: (index: number) => void;
  onHelp: () => void;
  onClose: () => void;
}

export function ComparingZoom({ comparer, state, index, onIndex, onHelp, onClose }: ComparingZoomProps) {
  const { comparing } = useTexts();
  const { query, said, current } = state;
  if (!query) return null;
  const images = [...query.left, ...query.right];
  const at = Math.min(index, images.length - 1);
  const isLeft = at < query.left.length;
  const name = isLeft ? comparing.candidateLeft(at + 1) : comparing.candidateRight(at - query.left.length + 1);
  const isComplete = QUESTION_NAMES.every((question) => said[question] !== undefined);
  const onKey = (event: KeyboardEvent) => {
    if (!keySettings.get().isOn || event.repeat) return;
    // A focused button keeps its own keys.
    const isOnButton = event.target instanceof HTMLElement && event.target.closest('.preference, .button') !== null;
    if ((event.key === ' ' || event.key === 'Enter') && isOnButton) return;
    const act = comparingAct(event.nativeEvent);
    if (act === undefined) return;
    event.preventDefault();
    act(comparer, { zoom: onClose, help: onHelp });
  };
  return (
    <ZoomDialog
      prompt={query.prompt}
      images={images}
      index={at}
      onIndex={onIndex}
      onClose={onClose}
      onKey={onKey}
      name={name}
    >
      <QuestionPanel
        question={current}
        said={said[current]}
        isCurrent
        keyIndex={1}
        onSay={(preference) => comparer.say(preference, current)}
      />
      <button type="button" className="button primary" onClick={comparer.goOn} disabled={!isComplete}>
        {comparing.next} <KeyHint name="Enter" />
      </button>
    </ZoomDialog>
  );
}
