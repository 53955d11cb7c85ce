/** The enlarged images of a query, judged by the same keys and buttons as beside them. */
import type { KeyboardEvent } from 'react';
import { MarkButtons } from './image-card.tsx';
import { type Action, actionOf, keySettings, pickOf } from './keys.ts';
import type { Labeller } from './labeller.ts';
import type { LabellerState } from './labeller-state.ts';
import { ZoomDialog } from './zoom-dialog.tsx';

interface LabellingZoomProps {
  labeller: Labeller;
  state: LabellerState;
  act: (action: Action) => void;
  onClose: () => void;
}

export function LabellingZoom({ labeller, state, act, onClose }: LabellingZoomProps) {
  const { query, current, marks } = state;
  if (!query) return null;
  const onKey = (event: KeyboardEvent) => {
    const settings = keySettings.get();
    if (!settings.isOn || event.repeat) return;
    // A focused button keeps its own keys; the image closes on them anyhow.
    if (event.key === ' ' && event.target instanceof HTMLElement && event.target.closest('.mark-button')) return;
    const action = actionOf(event.nativeEvent, settings);
    const index = action === undefined ? pickOf(event.nativeEvent) : undefined;
    if (action === undefined && index === undefined) return;
    event.preventDefault();
    if (index !== undefined) labeller.pick(index);
    else if (action === 'zoom') onClose();
    else act(action!);
  };
  return (
    <ZoomDialog
      prompt={query.prompt}
      images={query.images}
      index={current}
      onIndex={labeller.select}
      onClose={onClose}
      onKey={onKey}
    >
      <MarkButtons
        number={current + 1}
        mark={marks[current]}
        hasHints
        asksBest={query.asksBest}
        onMark={(mark) => labeller.mark(mark, current)}
      />
    </ZoomDialog>
  );
}
