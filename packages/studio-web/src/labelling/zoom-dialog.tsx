/** The images of a query as large as the window allows, one at a time. */
import { Dialog } from '../parts/dialog.tsx';
import type { ShownQuery } from './labeller.ts';

interface ZoomDialogProps {
  query: Pick<ShownQuery, 'prompt' | 'images'>;
  index: number;
  onIndex: (index: number) => void;
  onClose: () => void;
}

export function ZoomDialog({ query, index, onIndex, onClose }: ZoomDialogProps) {
  const count = query.images.length;
  const image = query.images[index]!;
  const move = (by: number) => onIndex((index + by + count) % count);
  return (
    <Dialog
      title={`Image ${index + 1} of ${count}, enlarged`}
      className="zoom-dialog"
      onClose={onClose}
      onKey={(event) => {
        if (event.key === 'ArrowRight') move(1);
        if (event.key === 'ArrowLeft') move(-1);
        if (event.key === ' ' || event.key === 'z') {
          event.preventDefault();
          onClose();
        }
      }}
    >
      <div className="zoom">
        <button type="button" className="zoom-image" onClick={onClose} aria-label="Close the enlarged image">
          <img src={image.url} alt={`Candidate ${index + 1}, enlarged`} />
        </button>
        <div className="row">
          <button type="button" className="button" onClick={() => move(-1)} aria-label="Image before">
            ←
          </button>
          <p className="zoom-caption">
            {index + 1} of {count} · {query.prompt}
          </p>
          <button type="button" className="button" onClick={() => move(1)} aria-label="Next image">
            →
          </button>
        </div>
      </div>
    </Dialog>
  );
}
