/** The images of a query as large as the window allows, one at a time, with what judges them. */
import type { KeyboardEvent, ReactNode } from 'react';
import { useTexts } from '../language/language.ts';
import { Dialog } from '../parts/dialog.tsx';
import type { ShownImage } from '../parts/prepared-image.ts';
import { useSwipe } from '../parts/swipe.ts';

interface ZoomDialogProps {
  prompt: string;
  images: readonly ShownImage[];
  index: number;
  onIndex: (index: number) => void;
  onClose: () => void;
  /** Keys besides those that close and move. */
  onKey: (event: KeyboardEvent) => void;
  /** Which image it is, where its number does not say it. */
  name?: string | undefined;
  /** What judges the image. */
  children: ReactNode;
}

export function ZoomDialog({ prompt, images, index, onIndex, onClose, onKey, name, children }: ZoomDialogProps) {
  const { common } = useTexts();
  const count = images.length;
  const image = images[index]!;
  const move = (by: number) => onIndex((index + by + count) % count);
  const swipe = useSwipe(move);
  return (
    <Dialog
      title={common.enlarged(index + 1, count)}
      className="zoom-dialog"
      onClose={onClose}
      onKey={(event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        if (event.key === 'ArrowRight') move(1);
        else if (event.key === 'ArrowLeft') move(-1);
        else onKey(event);
      }}
    >
      <div className="zoom">
        <button type="button" className="zoom-image" onClick={onClose} aria-label={common.close} {...swipe}>
          {image.isBroken ? (
            <span className="image-missing">{common.imageMissing}</span>
          ) : (
            <img src={image.url} alt={`${name ?? common.candidate(index + 1)}`} draggable={false} />
          )}
        </button>
        <p className="zoom-caption" dir="auto">
          {prompt}
        </p>
        <div className="zoom-controls">
          <button type="button" className="button" onClick={() => move(-1)} aria-label={common.before}>
            ←
          </button>
          <div className="zoom-judging">
            <p className="soft">{name ?? common.position(index + 1, count)}</p>
            {children}
          </div>
          <button type="button" className="button" onClick={() => move(1)} aria-label={common.next}>
            →
          </button>
        </div>
      </div>
    </Dialog>
  );
}
