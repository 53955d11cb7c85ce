/** `heed prepare`: computes embeddings and latents in advance, on several machines in parallel. */
import type { Command } from 'commander';
import { type CommonOptions, runCommand, withCommonOptions } from '../context.ts';
import { chosenShard, withShardOption } from '../shard-option.ts';

export function prepareCommand(program: Command): void {
  const command = program
    .command('prepare')
    .description('embed and encode images ahead of reward and tune, which do it themselves where it was not done');
  withShardOption(command);
  withCommonOptions(command, [
    'heed prepare',
    'heed prepare --shard 1/4             (on one of four machines that share the project folder)',
  ]).action(async ({ shard: asked, ...options }: CommonOptions & { shard?: string }) =>
    runCommand(options, async ({ openProject, progress, signal, note }) => {
      const shard = await chosenShard(asked);
      const project = await openProject();
      const { runPrepare } = await import('../../prepare/run.ts');
      const result = await runPrepare(project, { shard, signal, note }, progress);
      const { embedded, encoded, encodedPretraining } = result;
      const text = `${embedded} images embedded, ${encoded} encoded, ${encodedPretraining} pre-training images encoded`;
      const where = shard === undefined ? '' : `shard ${shard.number}/${shard.of}: `;
      return { data: result, lines: [`${where}${text}`] };
    }),
  );
}
