/** One image of a query with its two buttons. */
import { KeyHint } from '../parts/key-hint.tsx';
import type { ShownImage } from '../parts/prepared-image.ts';
import type { Mark } from './labeller.ts';

interface ImageCardProps {
  image: ShownImage;
  number: number;
  mark: Mark | undefined;
  isCurrent: boolean;
  onMark: (mark: Mark) => void;
  onSelect: () => void;
  onZoom: () => void;
}

const MARKS = [
  { mark: 'bad', text: 'Bad', sign: '✕' },
  { mark: 'good', text: 'Good', sign: '✓' },
] as const;

export function ImageCard({ image, number, mark, isCurrent, onMark, onSelect, onZoom }: ImageCardProps) {
  const state = [isCurrent ? 'is-current' : '', mark === undefined ? '' : `is-${mark}`].join(' ');
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out as a grid in every browser
    <div role="group" aria-label={`Image ${number}`} className={`image-card ${state}`} onPointerDown={onSelect}>
      <button type="button" className="image-frame" onClick={onZoom} aria-label={`Enlarge image ${number}`}>
        {image.isBroken ? (
          <span className="image-missing">This image did not load</span>
        ) : (
          <img
            src={image.url}
            alt={`Candidate ${number}`}
            width={image.width}
            height={image.height}
            draggable={false}
          />
        )}
        {mark !== undefined && (
          <span className="image-verdict" aria-hidden="true">
            {mark === 'good' ? '✓' : '✕'}
          </span>
        )}
      </button>
      <div className="mark-buttons">
        {MARKS.map(({ mark: value, text, sign }) => (
          <button
            key={value}
            type="button"
            className={`mark-button mark-${value}`}
            aria-label={`${text}, image ${number}`}
            aria-pressed={mark === value}
            onClick={() => onMark(value)}
          >
            <span aria-hidden="true">{sign}</span> {text}
            {isCurrent && <KeyHint action={value} />}
          </button>
        ))}
      </div>
    </div>
  );
}
