/** A grid of pictures with a caption each. A click enlarges a picture. */
import { type ReactNode, useState } from 'react';
import { pictureUrl } from '../api/client.ts';
import { Dialog } from './dialog.tsx';

export interface GridPicture {
  readonly key: string;
  readonly name: string;
  readonly prompt: string;
  readonly about: ReactNode;
  /** More of it, under the enlarged picture. */
  readonly details?: ReactNode;
}

export function PictureGrid({ pictures }: { pictures: readonly GridPicture[] }) {
  const [index, setIndex] = useState<number>();
  const shown = index === undefined ? undefined : pictures[index];
  const move = (by: number) => setIndex((at) => ((at ?? 0) + by + pictures.length) % pictures.length);
  return (
    <>
      <ul className="gallery">
        {pictures.map(({ key, name, prompt, about }, i) => (
          <li key={key}>
            <button
              type="button"
              className="gallery-image"
              onClick={() => setIndex(i)}
              aria-label={`Enlarge: ${prompt}`}
            >
              <img src={pictureUrl(name)} alt="" loading="lazy" width={160} height={160} />
            </button>
            <p dir="auto">{prompt}</p>
            {about}
          </li>
        ))}
      </ul>
      {shown && (
        <Dialog
          title={`Enlarged: ${shown.prompt}`}
          className="zoom-dialog"
          onClose={() => setIndex(undefined)}
          onKey={(event) => {
            if (event.key === 'ArrowRight') move(1);
            if (event.key === 'ArrowLeft') move(-1);
          }}
        >
          <div className="zoom">
            <button
              type="button"
              className="zoom-image"
              onClick={() => setIndex(undefined)}
              aria-label="Close the enlarged image"
            >
              <img src={pictureUrl(shown.name)} alt={shown.prompt} />
            </button>
            <div className="zoom-controls">
              <button type="button" className="button" onClick={() => move(-1)} aria-label="Image before">
                ←
              </button>
              <div className="zoom-caption">
                <p dir="auto">{shown.prompt}</p>
                {shown.details ?? shown.about}
              </div>
              <button type="button" className="button" onClick={() => move(1)} aria-label="Next image">
                →
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  );
}
