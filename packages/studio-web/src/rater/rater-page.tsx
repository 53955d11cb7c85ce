/** One rater: answers over time, speed, agreement, known answers, sides; setting aside and taking back. */

import { useCallback, useState } from 'react';
import { api, pictureUrl, read } from '../api/client.ts';
import { imageAddress } from '../image/image-page.tsx';
import { timeText } from '../parts/moment-text.ts';
import { Page, percent } from '../parts/page.tsx';
import { followLink, useAddress } from '../parts/router.ts';
import { useData } from '../parts/use-data.ts';
import { AnswerTimes } from './answer-times.tsx';

const loadRater = (id: string) => read(api.raters[':id'].$get({ param: { id } }));
export type RaterData = Awaited<ReturnType<typeof loadRater>>;

export function RaterPage() {
  const { query } = useAddress();
  const id = query.get('id') ?? '';
  const { data, problem, reload } = useData(useCallback(() => loadRater(id), [id]));
  const [failure, setFailure] = useState<string>();
  const setAside = async (isSetAside: boolean) => {
    const route = api.raters[':id'];
    setFailure(undefined);
    try {
      await read<Awaited<ReturnType<(typeof route)['take-back']['$post']>>>(
        isSetAside
          ? (route['set-aside'].$post({ param: { id } }) as never)
          : route['take-back'].$post({ param: { id } }),
      );
    } catch (error) {
      setFailure((error as Error).message);
    }
    reload();
  };
  return (
    <Page title="Rater" problem={problem ?? failure} isLoading={data === undefined}>
      {data && (
        <>
          <section className="row">
            <h2>
              <bdi>{data.summary.name}</bdi>
            </h2>
            {data.summary.isSetAside && <span className="tag is-stopped">set aside</span>}
            <button type="button" className="button push" onClick={() => void setAside(!data.summary.isSetAside)}>
              {data.summary.isSetAside ? 'Take the answers back in' : 'Set the answers aside'}
            </button>
          </section>
          <Measures data={data} />
          <AnswerTimes answers={data.answers} />
          <Answers data={data} />
        </>
      )}
    </Page>
  );
}

interface Share {
  mean: number;
  lo: number;
  hi: number;
  count: number;
}

function Measures({ data: { summary } }: { data: RaterData }) {
  const { quality } = summary;
  const ofJudged = (share: number) => percent(summary.queries === 0 ? undefined : share);
  const rows: readonly (readonly [name: string, value: string, bounds: string | undefined])[] = [
    ['Judged', String(summary.queries), undefined],
    ['Compared', String(summary.comparisons), undefined],
    ['Good', ofJudged(summary.good), undefined],
    ['Skipped', ofJudged(summary.skip), undefined],
    ['Seconds, median', summary.medianSeconds?.toFixed(1) ?? '–', undefined],
    ['With the others', percent(summary.withOthers), undefined],
    ['Known answers right', ...shareTexts(quality.gold)],
    ['Same when asked again', ...shareTexts(quality.repeats)],
    ['Too fast', ...shareTexts(quality.tooFast)],
    ['Left side', ...shareTexts(quality.left)],
  ];
  return (
    <dl className="counts">
      {rows.map(([name, value, bounds]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value}
            {bounds !== undefined && <small className="soft share-bounds">{bounds}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function shareTexts(share: Share | undefined): [string, string | undefined] {
  if (share === undefined) return ['–', undefined];
  const whole = (value: number) => (100 * value).toFixed(0);
  return [percent(share.mean), `${whole(share.lo)}–${whole(share.hi)} % of ${share.count}`];
}

const LABELS = { good: '✓ good', bad: '✕ bad', skip: 'skipped', retracted: 'taken back' } as const;

function Answers({ data: { answers, total, summary } }: { data: RaterData }) {
  if (total === 0) {
    return (
      <section>
        <h2>Answers</h2>
        <p className="soft">
          No image judged.{' '}
          {summary.comparisons > 0 && (
            <>
              What they said in comparisons stands on{' '}
              <a href="/results" onClick={followLink}>
                Results
              </a>
              .
            </>
          )}
        </p>
      </section>
    );
  }
  return (
    <section>
      <h2>Answers</h2>
      <p className="soft">
        {total > answers.length ? `The newest ${answers.length} of ${total}, the newest first.` : 'The newest first.'}
      </p>
      <ul className="rater-answers">
        {[...answers].reverse().map(({ time, prompt, purpose, seconds, tooFast, reason, images }) => (
          <li key={`${time} ${prompt} ${images[0]?.name}`} className="run">
            <div className="row">
              <b dir="auto">{prompt}</b>
              {purpose !== 'feedback' && <span className="tag">{purpose}</span>}
              {tooFast && <span className="tag is-failed">too fast</span>}
              <span className="soft">
                <time dateTime={time}>{timeText(time)}</time>
                {seconds !== undefined && ` · ${seconds.toFixed(1)} s`}
              </span>
            </div>
            {reason !== undefined && (
              <p className="soft" dir="auto">
                “{reason}”
              </p>
            )}
            <ul className="row answer-images">
              {images.map(({ name, label, isRight, isWithOthers }) => (
                <li key={name}>
                  {name !== null && (
                    <a href={imageAddress(name)} onClick={followLink}>
                      <img src={pictureUrl(name)} alt={`Of: ${prompt}`} loading="lazy" width={72} height={72} />
                    </a>
                  )}
                  <span>
                    {LABELS[label]}
                    {isRight !== undefined && (isRight ? ', right' : ', wrong')}
                    {isRight === undefined && isWithOthers === false && ', against the others'}
                  </span>
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
    </section>
  );
}
