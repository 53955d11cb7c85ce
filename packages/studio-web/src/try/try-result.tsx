/** What came of a try: a row a model, the same noise in each column; the reward's choice beside a random one. */

import { pictureUrl } from '../api/client.ts';
import { imageAddress } from '../image/image-page.tsx';
import { timeText } from '../parts/moment-text.ts';
import { followLink } from '../parts/router.ts';
import { addPrompt, compareTry, labelPicture, type Try } from './try-api.ts';

interface TryResultProps {
  result: Try;
  /** `doing` resolves with what to say then. */
  onWork: (doing: Promise<string>) => void;
}

export function TryResult({ result: { id, prompt, time, drawn, best }, onWork }: TryResultProps) {
  const [baseline, ...others] = drawn;
  return (
    <section className="panel try-result">
      <div className="row">
        <h2 dir="auto">{prompt}</h2>
        <time className="soft" dateTime={time}>
          {timeText(time)}
        </time>
      </div>
      {drawn.map(({ model, pictures }) => (
        <div key={model} className="try-row">
          <h3>{model}</h3>
          <ul className="try-pictures">
            {pictures.map((picture, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the n-th noise
              <li key={i}>
                <Picture picture={picture} prompt={prompt} by={`${model}, noise ${i + 1}`} onWork={onWork} />
              </li>
            ))}
          </ul>
        </div>
      ))}
      {best && (
        <div className="try-row">
          <h3>By the reward</h3>
          <ul className="try-pictures">
            <li>
              <Picture picture={best.best.picture} prompt={prompt} by={`the best of ${best.of}`} onWork={onWork} />
              <p className="soft">
                best of {best.of}: {best.best.reward.toFixed(2)}
              </p>
            </li>
            <li>
              <Picture picture={best.random.picture} prompt={prompt} by="a random one" onWork={onWork} />
              <p className="soft">a random one: {best.random.reward.toFixed(2)}</p>
            </li>
          </ul>
        </div>
      )}
      <div className="row">
        <button
          type="button"
          className="button small"
          onClick={() => onWork(addPrompt(prompt).then(() => 'The prompt is one to evaluate on.'))}
        >
          Evaluate on this prompt
        </button>
        {others.map(({ model }) => (
          <button
            key={model}
            type="button"
            className="button small"
            onClick={() =>
              onWork(
                compareTry(id, { treated: model, baseline: baseline!.model }).then(
                  () =>
                    `Raters compare ${model} with ${baseline!.model} now, blind; the results page shows their answers.`,
                ),
              )
            }
          >
            Let raters compare {model} with {baseline!.model}
          </button>
        ))}
      </div>
    </section>
  );
}

interface PictureProps {
  picture: string | null;
  prompt: string;
  by: string;
  onWork: TryResultProps['onWork'];
}

function Picture({ picture, prompt, by, onWork }: PictureProps) {
  if (picture === null) return <p className="soft">set aside</p>;
  return (
    <>
      <a href={imageAddress(picture)} onClick={followLink}>
        <img src={pictureUrl(picture)} alt={`${prompt} – by ${by}`} loading="lazy" width={160} height={160} />
      </a>
      <button type="button" className="button small" onClick={() => onWork(labelPicture(picture).then(whenAsked))}>
        Judge<span className="visually-hidden"> this one, by {by}</span>
      </button>
    </>
  );
}

function whenAsked({ waitsFor }: Awaited<ReturnType<typeof labelPicture>>): string {
  const asked = 'The picture is asked first on the labelling page';
  return waitsFor === undefined ? `${asked}.` : `${asked} when heed ${waitsFor} has ended, which is at work now.`;
}
