/** The queries whose answer is known: what raters practise with and are measured by. */
import { pictureUrl } from '../api/client.ts';
import { followLink } from '../parts/router.ts';

interface KnownQuery {
  id: string;
  prompt: string;
  isPractice: boolean;
  isSimulated: boolean;
  images: readonly { name: string; label: 'good' | 'bad'; why?: string | undefined }[];
}

interface KnownAnswersSectionProps {
  queries: readonly KnownQuery[];
  onRemove: (query: string) => void;
}

export function KnownAnswersSection({ queries, onRemove }: KnownAnswersSectionProps) {
  const labels = queries.flatMap(({ images }) => images.map(({ label }) => label));
  const good = labels.filter((label) => label === 'good').length;
  const isLopsided = labels.length >= 12 && Math.min(good, labels.length - good) < labels.length / 5;
  return (
    <section>
      <h2>Known answers</h2>
      <p className="soft">
        Raters practise with the first ones and are told what is right; the others are mixed in without a word. Keep
        some with “Known answer…” on the{' '}
        <a href="/label" onClick={followLink}>
          labelling page
        </a>
        , or with <code>heed label --import known.csv --gold</code>.
      </p>
      {queries.length > 0 && (
        <p className="soft" role="status">
          {queries.length} queries; {good} images are good, {labels.length - good} bad.
          {isLopsided && ' Whoever always says the same would be right on most of them: add some of the other kind.'}
        </p>
      )}
      <ul className="known-answers">
        {queries.map(({ id, prompt, isPractice, isSimulated, images }) => (
          <li key={id}>
            <div className="row">
              {images.map(({ name, label, why }) => (
                <figure key={name} className={`known-image is-${label}`} title={why}>
                  <img src={pictureUrl(name)} alt="" width={64} height={64} loading="lazy" />
                  <figcaption>{label}</figcaption>
                </figure>
              ))}
            </div>
            <p dir="auto">{prompt}</p>
            <div className="row">
              <span className="tag">{isPractice ? 'practice' : 'mixed in'}</span>
              {isSimulated && <span className="tag">simulated</span>}
              <button type="button" className="button small push" onClick={() => onRemove(id)}>
                Remove
                <span className="visually-hidden"> the known answer to {prompt}</span>
              </button>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
