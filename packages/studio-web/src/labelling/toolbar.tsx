/** The buttons under the images. */
import { useTexts } from '../language/language.ts';
import { KeyHint } from '../parts/key-hint.tsx';
import { useSession } from '../session/session.ts';
import type { Action } from './keys.ts';
import type { LabellerState } from './labeller-state.ts';

interface LabellingToolbarProps {
  state: LabellerState;
  act: (action: Action) => void;
  onGold: () => void;
}

export function LabellingToolbar({ state, act, onGold }: LabellingToolbarProps) {
  const { common, labelling } = useTexts();
  const { role } = useSession();
  const isAsking = state.phase === 'asking';
  const canUndo = state.phase !== 'explaining' && (state.canUndo || state.marks.some(Boolean));
  const asksBest = state.query?.asksBest ?? false;
  const buttons = [
    ['undo', common.undo, canUndo],
    ...(asksBest ? [] : [['allBad', labelling.allBad, isAsking] as const]),
    ['allGood', asksBest ? labelling.noDifference : labelling.allGood, isAsking],
    ['skip', labelling.skip, isAsking],
  ] as const;
  return (
    <div className="toolbar">
      {buttons.map(([action, text, isOn]) => (
        <button key={action} type="button" className="button" onClick={() => act(action)} disabled={!isOn}>
          {text} <KeyHint action={action} />
        </button>
      ))}
      {role === 'owner' && !asksBest && (
        <button type="button" className="button quiet" onClick={onGold} disabled={!isAsking}>
          {labelling.knownAnswer}
        </button>
      )}
      <button type="button" className="button quiet push" onClick={() => act('help')}>
        {common.help} <KeyHint action="help" />
      </button>
    </div>
  );
}
