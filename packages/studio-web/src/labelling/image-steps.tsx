/** On a narrow screen one image is shown at a time: small pictures of all, to go to one and to see what is marked. */
import { useTexts } from '../language/language.ts';
import type { ShownImage } from '../parts/prepared-image.ts';
import type { Mark } from './marks.ts';

interface ImageStepsProps {
  images: readonly ShownImage[];
  marks: readonly (Mark | undefined)[];
  current: number;
  onSelect: (index: number) => void;
}

export function ImageSteps({ images, marks, current, onSelect }: ImageStepsProps) {
  const { common, labelling } = useTexts();
  if (images.length < 2) return null;
  const nameOf = (i: number) => {
    const mark = marks[i];
    const said = mark === 'good' ? labelling.markedGood : mark === 'bad' ? labelling.markedBad : labelling.image;
    return said(i + 1);
  };
  return (
    <div className="image-steps">
      <button
        type="button"
        className="button"
        aria-label={common.before}
        disabled={current === 0}
        onClick={() => onSelect(current - 1)}
      >
        ←
      </button>
      {images.map((image, i) => (
        <button
          key={image.name}
          type="button"
          className={`image-step ${marks[i] === undefined ? '' : `is-${marks[i]}`}`}
          aria-label={nameOf(i)}
          aria-current={i === current}
          onClick={() => onSelect(i)}
        >
          <img src={image.url} alt="" width={44} height={44} draggable={false} />
          {marks[i] !== undefined && (
            <span className="image-verdict" aria-hidden="true">
              {marks[i] === 'good' ? '✓' : '✕'}
            </span>
          )}
        </button>
      ))}
      <button
        type="button"
        className="button"
        aria-label={common.next}
        disabled={current === images.length - 1}
        onClick={() => onSelect(current + 1)}
      >
        →
      </button>
    </div>
  );
}
