/** Every model with what it came from, what it drew, and what evaluations found. */
import { percent } from '../parts/page.tsx';
import { followLink } from '../parts/router.ts';
import { TableFrame } from '../parts/table-frame.tsx';
import type { RoundsData } from './rounds-page.tsx';

type Model = RoundsData['models'][number];

export function ModelsTable({ data: { models, columns } }: { data: RoundsData }) {
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
              {columns.map(({ id, label }) => (
                <th key={id} scope="col">
                  {label}
                </th>
              ))}
              {columns.length > 0 && <th scope="col">Evaluation</th>}
            </tr>
          </thead>
          <tbody>
            {models.map((model) => (
              <Row key={`${model.name} ${model.modelHash}`} model={model} columns={columns} />
            ))}
          </tbody>
        </table>
      </TableFrame>
      <p className="soft">
        The base is the model of round 0. “Drew” counts images to learn from; “good” is the share that most raters
        called good.{' '}
        {columns.length > 0 &&
          'Figures are those of the newest evaluation of the model, with 95 % intervals over prompts; compare those of one evaluation.'}
      </p>
    </section>
  );
}

const HEADS = ['Round', 'Model', 'Parent', 'Method', 'Reward', 'Learned from', 'Drew', 'Judged', 'Good'] as const;

function Row({ model, columns }: { model: Model; columns: RoundsData['columns'] }) {
  const { name, round, lineage, images, judged, good, figures } = model;
  return (
    <tr>
      <td>{round}</td>
      <th scope="row">
        {lineage === undefined ? (
          <bdi>{name}</bdi>
        ) : (
          <a href={`/training?run=${encodeURIComponent(lineage.run)}`} onClick={followLink}>
            <bdi>{name}</bdi>
          </a>
        )}
      </th>
      <td>{lineage?.parent.name ?? '–'}</td>
      <td>{lineage === undefined ? '–' : `${lineage.method}, ${lineage.steps} updates`}</td>
      <td>
        <RewardLink reward={lineage?.reward} />
      </td>
      <td>{lineage === undefined ? '–' : describeData(lineage.data)}</td>
      <td>{images}</td>
      <td>{judged}</td>
      <td>{percent(good)}</td>
      {columns.map(({ id }) => (
        <td key={id}>{figures?.cells.find((cell) => cell.id === id)?.text ?? '–'}</td>
      ))}
      {columns.length > 0 && <td>{figures?.run ?? '–'}</td>}
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
  return [
    `${labelled} labelled`,
    ...(unlabelled > 0 ? [`${unlabelled} not labelled`] : []),
    ...(pretraining > 0 ? [`${pretraining} pairs`] : []),
    ...(rounds.length > 1 ? [`rounds ${rounds.join(', ')}`] : []),
  ].join('; ');
}
