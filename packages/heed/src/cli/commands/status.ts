/** `heed status`: shows the models of a project with their rounds, and the next step. */
import type { Command } from 'commander';
import type { ModelStatus } from '../../rounds/status.ts';
import { percent } from '../../text/percent.ts';
import { type CommonOptions, runCommand, withCommonOptions } from '../context.ts';
import { formatTable } from '../table.ts';

export function statusCommand(program: Command): void {
  const command = program
    .command('status')
    .description('show each model with its round, parent, reward and data, and what to do next');
  withCommonOptions(command, ['heed status', 'heed status --json | jq .models']).action(
    async (options: CommonOptions) =>
      runCommand(options, async ({ openProject }) => {
        const project = await openProject();
        const { projectStatus } = await import('../../rounds/status.ts');
        const status = await projectStatus(project);
        const header = ['model', 'round', 'parent', 'method', 'reward', 'learned from', 'drew', 'judged', 'good'];
        return {
          data: status,
          lines: [...formatTable([header, ...status.models.map(rowOf)]), '', `Next: ${status.next}`],
        };
      }),
  );
}

function rowOf({ name, round, lineage, images, judged, good }: ModelStatus): (string | number)[] {
  return [
    name,
    round,
    lineage?.parent.name ?? '',
    lineage?.method ?? '',
    lineage?.reward ? `${lineage.reward.name}${lineage.reward.run ? ` (${lineage.reward.run})` : ''}` : '',
    lineage ? describeData(lineage.data) : '',
    images,
    judged,
    good === undefined ? '' : percent(good),
  ];
}

function describeData({ labelled, unlabelled, pretraining }: NonNullable<ModelStatus['lineage']>['data']): string {
  const parts = [
    `${labelled} labelled`,
    ...(unlabelled > 0 ? [`${unlabelled} not labelled`] : []),
    ...(pretraining > 0 ? [`${pretraining} pairs`] : []),
  ];
  return parts.join(', ');
}
