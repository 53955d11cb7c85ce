/** One image of a query with its two buttons. */
import { useTexts } from '../language/language.ts';
import { KeyHint } from '../parts/key-hint.tsx';
import type { ShownImage } from '../parts/prepared-image.ts';
import type { Mark } from './marks.ts';

interface ImageCardProps {
  image: ShownImage;
  number: number;
  mark: Mark | undefined;
  isCurrent: boolean;
  asksBest: boolean;
  onMark: (mark: Mark) => void;
  onSelect: () => void;
  onZoom: () => void;
}

export function ImageCard({ image, number, mark, isCurrent, asksBest, onMark, onSelect, onZoom }: ImageCardProps) {
  const { common, labelling } = useTexts();
  const state = [isCurrent ? 'is-current' : '', mark === undefined ? '' : `is-${mark}`].join(' ');
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out as a grid in every browser
    <div role="group" aria-label={labelling.image(number)} className={`image-card ${state}`} onPointerDown={onSelect}>
      <button type="button" className="image-frame" onClick={onZoom} aria-label={common.enlarge(number)}>
        {image.isBroken ? (
          <span className="image-missing">{common.imageMissing}</span>
        ) : (
          <img
            src={image.url}
            alt={common.candidate(number)}
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
      <MarkButtons number={number} mark={mark} hasHints={isCurrent} asksBest={asksBest} onMark={onMark} />
    </div>
  );
}

interface MarkButtonsProps {
  number: number;
  mark: Mark | undefined;
  hasHints: boolean;
  asksBest: boolean;
  onMark: (mark: Mark) => void;
}

/** The buttons to judge an image, also an enlarged one: good and bad, or one that chooses it as the best. */
export function MarkButtons({ number, mark, hasHints, asksBest, onMark }: MarkButtonsProps) {
  const { labelling } = useTexts();
  const best = { value: 'good', text: labelling.best, name: labelling.bestImage(number), sign: '✓' } as const;
  const each = [
    { value: 'bad', text: labelling.bad, name: labelling.badImage(number), sign: '✕' },
    { value: 'good', text: labelling.good, name: labelling.goodImage(number), sign: '✓' },
  ] as const;
  return (
    <div className="mark-buttons">
      {(asksBest ? [best] : each).map(({ value, text, name, sign }) => (
        <button
          key={value}
          type="button"
          className={`mark-button mark-${value}`}
          aria-label={name}
          aria-pressed={mark === value}
          onClick={() => onMark(value)}
        >
          <span aria-hidden="true">{sign}</span> {text}
          {hasHints && <KeyHint action={value} />}
        </button>
      ))}
    </div>
  );
}
