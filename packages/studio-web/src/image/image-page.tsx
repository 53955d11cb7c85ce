/** One image: large, who said what of it, its recipe and neighbours, and what an owner can do with it. */

import { useCallback, useState } from 'react';
import { api, pictureUrl, read } from '../api/client.ts';
import { timeText } from '../parts/moment-text.ts';
import { Page } from '../parts/page.tsx';
import { followLink, useAddress } from '../parts/router.ts';
import { useData } from '../parts/use-data.ts';
import { ImageActions } from './image-actions.tsx';
import { SaidTable } from './said-table.tsx';

export type ImageData = Awaited<ReturnType<typeof loadImage>>;

const loadImage = (name: string) => read(api.image[':name'].$get({ param: { name } }));

/** The address of an image's page. */
export function imageAddress(name: string): string {
  return `/image?name=${encodeURIComponent(name)}`;
}

export function ImagePage() {
  const { query } = useAddress();
  const name = query.get('name') ?? '';
  const { data, problem, reload } = useData(useCallback(() => loadImage(name), [name]));
  const [failure, setFailure] = useState<string>();
  const change = async (work: Promise<unknown>) => {
    setFailure(undefined);
    try {
      await work;
    } catch (error) {
      setFailure((error as Error).message);
    }
    reload();
  };
  const shown = data?.name === name ? data : undefined;
  return (
    <Page title="Image" problem={problem ?? failure} isLoading={shown === undefined}>
      {shown && (
        <>
          <section className="image-head">
            {shown.state === 'removed' ? (
              <p className="image-gone soft">The file of this picture was removed.</p>
            ) : (
              <img src={pictureUrl(name)} alt={shown.record.prompt} />
            )}
            <div className="stack">
              <h2 dir="auto">{shown.record.prompt}</h2>
              <p className="row">
                {shown.state !== 'stands' && <span className="tag is-failed">{STATES[shown.state]}</span>}
                {shown.reward !== undefined && <span className="tag">reward {shown.reward.toFixed(2)}</span>}
              </p>
              <ImageActions image={shown} onChange={(work) => void change(work)} />
            </div>
          </section>
          <SaidTable
            said={shown.said}
            onStrikeOut={(rater) =>
              void change(read(api.image[':name']['strike-out'].$post({ param: { name }, json: { rater } })))
            }
          />
          <History events={shown.events} />
          <Recipe record={shown.record} />
          <Neighbours image={shown} />
        </>
      )}
    </Page>
  );
}

const STATES = { 'set-aside': 'set aside', deleted: 'deleted', removed: 'deleted, file removed' } as const;

const EVENTS = {
  'set-aside': 'set it aside',
  deleted: 'deleted it',
  removed: 'removed its file',
  'taken-back': 'took it back',
} as const;

function History({ events }: Pick<ImageData, 'events'>) {
  if (events.length === 0) return null;
  return (
    <section>
      <h2>What was done with it</h2>
      <ul className="image-history">
        {events.map(({ time, name, event, why }) => (
          <li key={time}>
            <time dateTime={time}>{timeText(time)}</time>: <bdi>{name}</bdi> {EVENTS[event]}
            {why !== undefined && (
              <>
                {' '}
                – <bdi>{why}</bdi>
              </>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Recipe({ record }: Pick<ImageData, 'record'>) {
  const { facts, source, ...plain } = record;
  const rows = [
    ...Object.entries(plain),
    ...Object.entries(facts ?? {}),
    ...Object.entries(source ?? {}).map(([key, value]) => [`source ${key}`, value] as const),
  ];
  return (
    <section>
      <h2>Recipe</h2>
      <dl className="recipe">
        {rows.map(([key, value]) => (
          <div key={key}>
            <dt>{key}</dt>
            <dd dir="auto">{String(value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Neighbours({ image: { neighbours } }: { image: ImageData }) {
  return (
    <section>
      <h2>Of the same prompt</h2>
      {neighbours.length === 0 && <p className="soft">There is no other picture of this prompt.</p>}
      <ul className="gallery">
        {neighbours.map(({ name, model, seed, set, good, bad }) => (
          <li key={`${name} ${set}`}>
            <a href={imageAddress(name)} onClick={followLink}>
              <img
                src={pictureUrl(name)}
                alt={`By ${model}, seed ${seed}: ${good} good, ${bad} bad`}
                loading="lazy"
                width={160}
                height={160}
              />
            </a>
            <p className="soft">
              ✓ {good} · ✕ {bad} · {model}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
