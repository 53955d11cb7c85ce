/** One reward training: accuracy by category beside CLIP score, calibration, and the images worth a second look. */
import { useCallback, useState } from 'react';
import { api, read } from '../api/client.ts';
import { IntervalChart, type IntervalRow } from '../charts/interval-chart.tsx';
import { Legend } from '../charts/line-chart.tsx';
import { ReliabilityChart } from '../charts/reliability-chart.tsx';
import { Choice } from '../parts/choice.tsx';
import { percent } from '../parts/page.tsx';
import { type GridPicture, PictureGrid } from '../parts/picture-grid.tsx';
import { TableFrame } from '../parts/table-frame.tsx';
import { useData } from '../parts/use-data.ts';
import type { Queue } from './label-queue.tsx';
import { RewardTrust } from './reward-trust.tsx';
import type { RewardVersion } from './rewards-page.tsx';

const SCORERS = ['Reward', 'CLIP score'] as const;

export function RewardDetails({ version, queue }: { version: RewardVersion; queue: Queue }) {
  const load = useCallback(() => read(api.rewards[':run'].$get({ param: { run: version.run } })), [version.run]);
  const { data, problem } = useData(load);
  return (
    <>
      <Accuracy version={version} />
      <RewardTrust version={version} />
      {problem !== undefined && <p className="status-problem">That did not work: {problem}.</p>}
      {data && data.details === null && (
        <p className="soft">
          This version is older than the scores of single images; train again to see its calibration and the images it
          is wrong about.
        </p>
      )}
      {data?.details && (
        <>
          <Calibration calibration={data.details.calibration} />
          <Looks
            title="Most wrong about"
            why="People and the reward say the opposite. Either the reward has something to learn here, or somebody slipped."
            none="None: the reward is on the people's side of the middle for all of them."
            options={[
              ['heldOut', 'Held out'],
              ['all', 'All judged'],
            ]}
            looks={data.details.wrong}
            queue={queue}
          />
          <Looks
            title="Most unsure about"
            why="The reward cannot tell whether these are good. A judgement teaches it more here than elsewhere."
            none="None: every image of the set is judged."
            options={[
              ['unjudged', 'Not judged'],
              ['all', 'All'],
            ]}
            looks={data.details.unsure}
            queue={queue}
          />
        </>
      )}
    </>
  );
}

function Accuracy({ version: { run, report } }: { version: RewardVersion }) {
  const { aux, clip } = report.accuracy;
  if (aux === undefined || aux.all.pairs === 0) {
    return (
      <section>
        <h2>Accuracy of {run}</h2>
        <p className="soft">
          No prompt has both a good and a bad held-out image yet: nothing could be compared. Label more images of the
          same prompts.
        </p>
      </section>
    );
  }
  const rowOf = (name: string, own: typeof aux.all, other: typeof clip.all | undefined): IntervalRow[] =>
    own.pairs === 0 ? [] : [{ name: `${name} (${own.pairs} pairs)`, marks: [own.accuracy, other?.accuracy] }];
  const rows = [
    ...rowOf('all, seen', aux.seen, clip.seen),
    ...rowOf('all, unseen', aux.unseen, clip.unseen),
    ...Object.entries(aux.byCategory).flatMap(([category, parts]) =>
      (['seen', 'unseen'] as const).flatMap((part) =>
        rowOf(`${category}, ${part}`, parts![part], clip.byCategory[category as keyof typeof clip.byCategory]?.[part]),
      ),
    ),
  ];
  return (
    <section>
      <h2>Accuracy of {run} against CLIP score</h2>
      <Legend names={SCORERS} />
      <IntervalChart
        title={`Accuracy on held-out pairs, %: ${rows
          .map(({ name, marks }) => `${name}: reward ${percent(marks[0]?.mean)}, CLIP score ${percent(marks[1]?.mean)}`)
          .join('; ')}`}
        names={SCORERS}
        rows={rows}
        chance={{ share: 0.5, name: 'a coin' }}
      />
      <p className="soft">
        Per cent, with 95 % bootstrap intervals over prompts. “Unseen” objects are in no image that the reward learned
        from.
        {report.gate.warning !== undefined && <strong> Take care: {report.gate.warning}.</strong>}
      </p>
    </section>
  );
}

type Details = NonNullable<Awaited<ReturnType<typeof loadDetails>>['details']>;
const loadDetails = () => read(api.rewards[':run'].$get({ param: { run: '' } }));

function Calibration({ calibration }: { calibration: Details['calibration'] }) {
  const { images, bins, expectedError, squaredError, squaredErrorOfMean } = calibration;
  return (
    <section>
      <h2>Calibration</h2>
      {images === 0 ? (
        <p className="soft">No image was held out.</p>
      ) : (
        <div className="beside">
          <ReliabilityChart bins={bins} />
          <div className="stack">
            <p>
              On the dashed line, a reward of 0.7 is good seven times out of ten. Measured on {images} held-out images.
            </p>
            <dl className="facts">
              <div>
                <dt>Expected calibration error</dt>
                <dd>{expectedError?.toFixed(3)}</dd>
              </div>
              <div>
                <dt>Squared error (Brier)</dt>
                <dd>{squaredError?.toFixed(3)}</dd>
              </div>
              <div>
                <dt>The same, always saying the mean</dt>
                <dd>{squaredErrorOfMean?.toFixed(3)}</dd>
              </div>
            </dl>
            <details>
              <summary>The numbers</summary>
              <TableFrame label="Calibration">
                <table className="table is-dense">
                  <thead>
                    <tr>
                      <th scope="col">Reward</th>
                      <th scope="col">Images</th>
                      <th scope="col">Called good</th>
                    </tr>
                  </thead>
                  <tbody>
                    {bins
                      .filter((bin) => bin.images > 0)
                      .map(({ from, to, images: count, label }) => (
                        <tr key={from}>
                          <th scope="row">
                            {from.toFixed(1)} to {to.toFixed(1)}
                          </th>
                          <td>{count}</td>
                          <td>{percent(label?.mean)}</td>
                        </tr>
                      ))}
                  </tbody>
                </table>
              </TableFrame>
            </details>
          </div>
        </div>
      )}
    </section>
  );
}

type Look = Details['wrong']['all'][number];

interface LooksProps<Part extends string> {
  title: string;
  why: string;
  none: string;
  options: readonly (readonly [Part, string])[];
  looks: Readonly<Record<Part, Look[]>>;
  queue: Queue;
}

function Looks<Part extends string>({ title, why, none, options, looks, queue }: LooksProps<Part>) {
  const [part, setPart] = useState<Part>(options[0]![0]);
  const shown = looks[part];
  const unaskable = shown.filter(({ isAskable }) => !isAskable).length;
  const free = shown.filter(({ name, isAskable }) => isAskable && !queue.has(name)).map(({ name }) => name);
  return (
    <section>
      <div className="row">
        <h2>{title}</h2>
        <Choice label={`Images that it is ${title.toLowerCase()}`} options={options} value={part} onChange={setPart} />
        <button
          type="button"
          className="button small push"
          disabled={free.length === 0}
          onClick={() => queue.add(free)}
        >
          {free.length === 0 && shown.length > 0 ? 'All queued' : `Queue all ${free.length || ''}`}
        </button>
      </div>
      <p className="soft">{shown.length === 0 ? none : why}</p>
      {unaskable > 0 && (
        <p className="soft">
          {unaskable} of these {shown.length} images cannot be queued: they were drawn for an evaluation or imported
          into another set, and raters label the learning set alone.
        </p>
      )}
      <PictureGrid pictures={shown.map((look) => pictureOf(look, queue))} />
    </section>
  );
}

function pictureOf({ name, prompt, reward, label, judgements, part, isAskable }: Look, queue: Queue): GridPicture {
  const said = label === undefined ? 'not judged' : `${Math.round(label * judgements)} of ${judgements} say good`;
  return {
    key: name,
    name,
    prompt,
    about: (
      <>
        <p className="soft">
          reward <b>{reward.toFixed(2)}</b> · {said}
        </p>
        {isAskable && (
          <button
            type="button"
            className="button small"
            disabled={queue.has(name)}
            aria-label={queue.has(name) ? `Queued: ${prompt}` : `Judge first: ${prompt}`}
            onClick={() => queue.add([name])}
          >
            {queue.has(name) ? 'Queued' : 'Judge first'}
          </button>
        )}
      </>
    ),
    details: (
      <p className="soft">
        reward {reward.toFixed(3)} · {said} ·{' '}
        {part === 'test' ? 'held out' : part === 'unjudged' ? 'new' : 'learned from'}
      </p>
    ),
  };
}
