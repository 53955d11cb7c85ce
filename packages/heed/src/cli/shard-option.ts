/**
 * The option `--shard` for commands whose work can be divided. Without the option, the launcher's environment variables
 * determine the shard.
 */
import type { Command } from 'commander';
import type { Shard } from '../shards/shard.ts';

export function withShardOption(command: Command): Command {
  return command.option(
    '--shard <number/of>',
    "do this part of the work alone, such as 1/4 (default: by Open MPI's, Slurm arrays' or Kubernetes' index)",
  );
}

/**
 * The shard that `--shard` requests, or else the shard that the launcher assigned. `--shard 1/1` means all the work.
 */
export async function chosenShard(text: string | undefined): Promise<Shard | undefined> {
  if (text !== undefined) return (await import('../shards/shard.ts')).parseShard(text);
  return (await import('../shards/environment.ts')).shardOfEnvironment();
}
