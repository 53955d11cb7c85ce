/** The code that all commands share: opening the project, progress, Ctrl-C, and output of results and errors. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { EXIT_CODES, HeedError, isAbort } from '../errors.ts';
import { createProgressFactory, type ProgressFactory } from '../progress/progress.ts';
import type { Project } from '../project/project.ts';
import { onDeviceChoice } from '../project/runtime.ts';
import { stopWithStdin } from '../project/stop-with-stdin.ts';
import { isOtherRank } from './ranks.ts';

/** Options that every command has. */
export interface CommonOptions {
  project: string;
  set: string[];
  json: boolean;
}

/** The functions and objects that a command's work receives. */
export interface CommandContext {
  readonly json: boolean;
  readonly progress: ProgressFactory;
  /** The signal that aborts at the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** Shows a note on stderr, such as a warning or the name of the work that is resumed. */
  note(text: string): void;
  /**
   * Opens the project of --project with the values of --set. Images that shards have generated are merged into the
   * project first, unless this process is itself a shard.
   */
  openProject(options?: { isShard?: boolean }): Promise<Project>;
}

/** The result of a command: a document for `--json`, and lines of text for people. */
export interface CommandResult {
  /** The document for `--json`; undefined when another rank prints it. */
  readonly data?: unknown;
  readonly lines: readonly string[];
  /** Set when the command succeeded but found a problem. */
  readonly exitCode?: number;
}

/** Adds the options that every command has, and examples to its help. */
export function withCommonOptions(command: Command, examples: readonly string[]): Command {
  return command
    .option('-p, --project <folder>', 'the project folder', '.')
    .option('--set <key=value>', 'override a setting of heed.toml (can be repeated)', collect, [])
    .option('--json', 'print the result as one JSON document, progress as JSON lines on stderr', false)
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}\n`);
}

/** Merges the images of finished shards and reports which shards are incomplete. */
async function takeInShardImages(project: Project, note: (text: string) => void): Promise<void> {
  // Most projects have no shards, so one check of the disk suffices.
  if (!existsSync(join(project.paths.images, 'shards'))) return;
  const { describeIncomplete, takeInShards } = await import('../shards/take-in.ts');
  const taken = await takeInShards(project);
  if (taken === undefined) return;
  if (taken.images > 0) note(`took in ${taken.images} images that shards drew`);
  for (const lost of taken.incomplete) note(describeIncomplete(lost));
}

/** Collects the values of an option that can be given several times. */
export function collect(value: string, earlier: string[]): string[] {
  return [...earlier, value];
}

/** Runs a command's work, prints its result and sets the exit code. */
export async function runCommand(
  options: CommonOptions,
  work: (context: CommandContext) => Promise<CommandResult>,
): Promise<void> {
  const { json } = options;
  const controller = new AbortController();
  const note = (text: string) => {
    process.stderr.write(json ? `${JSON.stringify({ note: text })}\n` : `heed: ${text}\n`);
  };
  const stop = () => {
    if (controller.signal.aborted) process.exit(EXIT_CODES.interrupted);
    if (!isOtherRank()) note('stopping; what is done is kept. Once more to stop at once.');
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  stopWithStdin(stop);
  onDeviceChoice((text) => {
    if (!isOtherRank()) note(text);
  });
  try {
    const result = await work({
      json,
      progress: createProgressFactory({ json }),
      signal: controller.signal,
      note,
      openProject: async ({ isShard = false } = {}) => {
        const { openProject } = await import('../project/project.ts');
        const project = await openProject(options.project, { overrides: options.set });
        if (!isShard) await takeInShardImages(project, note);
        return project;
      },
    });
    if (!json) process.stdout.write(result.lines.map((line) => `${line}\n`).join(''));
    else if (result.data !== undefined) process.stdout.write(`${JSON.stringify(result.data)}\n`);
    process.exitCode = result.exitCode ?? 0;
  } catch (error) {
    // Libraries report a cancelled run in different ways, so the signal decides.
    throw controller.signal.aborted && !isAbort(error)
      ? new HeedError('stopped', { exitCode: EXIT_CODES.interrupted, cause: error })
      : error;
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}
