/** `--shard` of the commands whose work can be divided, with its default from the environment. */
import type { Command } from 'commander';
import type { Shard } from '../shards/shard.ts';

export function withShardOption(command: Command): Command {
  return command.option(
    '--shard <number/of>',
    "do this part of the work alone, such as 1/4 (default: by Open MPI's, Slurm arrays' or Kubernetes' index)",
  );
}

/** The shard that was asked for, or that a launcher chose. `--shard 1/1` is all the work. */
export async function chosenShard(text: string | undefined): Promise<Shard | undefined> {
  if (text !== undefined) return (await import('../shards/shard.ts')).parseShard(text);
  return (await import('../shards/environment.ts')).shardOfEnvironment();
}
