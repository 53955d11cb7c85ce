/** Every model with what it came from, what it drew, and what evaluations found. */
import { percent } from '../parts/page.tsx';
import { followLink } from '../parts/router.ts';
import { TableFrame } from '../parts/table-frame.tsx';
import type { RoundsData } from './rounds-page.tsx';

type Model = RoundsData['models'][number];

export function ModelsTable({ data: { models } }: { data: RoundsData }) {
  return (
    <section aria-labelledby="rounds-models">
      <h2 id="rounds-models">Models</h2>
      <TableFrame label="Models by round">
        <table className="table is-dense">
          <thead>
            <tr>
              {HEADS.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {models.map((model) => (
              <Row key={`${model.name} ${model.modelHash}`} model={model} />
            ))}
          </tbody>
        </table>
      </TableFrame>
      <p className="soft">
        The base is the model of round 0. “Drew” counts images to learn from; “good” is the share that most raters
        called good.
      </p>
    </section>
  );
}

const HEADS = ['Model', 'Round', 'Parent', 'Method', 'Reward', 'Learned from', 'Drew', 'Judged', 'Good'] as const;

function Row({ model: { name, round, lineage, images, judged, good } }: { model: Model }) {
  return (
    <tr>
      <th scope="row">
        {lineage === undefined ? (
          <bdi>{name}</bdi>
        ) : (
          <a href={`/training?run=${encodeURIComponent(lineage.run)}`} onClick={followLink}>
            <bdi>{name}</bdi>
          </a>
        )}
      </th>
      <td>{round}</td>
      <td>{lineage?.parent.name ?? '–'}</td>
      <td>{lineage === undefined ? '–' : `${lineage.method}, ${lineage.steps} updates`}</td>
      <td>
        <RewardLink reward={lineage?.reward} />
      </td>
      <td>{lineage === undefined ? '–' : describeData(lineage.data)}</td>
      <td>{images}</td>
      <td>{judged}</td>
      <td>{percent(good)}</td>
    </tr>
  );
}

type Lineage = NonNullable<Model['lineage']>;

function RewardLink({ reward }: { reward: Lineage['reward'] }) {
  if (reward === undefined) return '–';
  if (reward.run === undefined) return reward.name;
  return (
    <a href={`/rewards?run=${encodeURIComponent(reward.run)}`} onClick={followLink}>
      {reward.name}
    </a>
  );
}

function describeData({ labelled, unlabelled, pretraining, byRound }: Lineage['data']): string {
  const rounds = Object.keys(byRound);
  const of = rounds.length > 1 ? ` of rounds ${rounds.join(', ')}` : '';
  return `${labelled + unlabelled} images${of}${pretraining > 0 ? `, ${pretraining} pairs` : ''}`;
}
