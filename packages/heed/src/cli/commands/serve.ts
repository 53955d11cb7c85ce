/** `heed serve`: serves a model of the project through OpenAI's images API. */
import type { Command } from 'commander';
import { badInput, isAbort } from '../../errors.ts';
import { type CommonOptions, runCommand, withCommonOptions } from '../context.ts';
import { wholeNumber } from '../parse-options.ts';
import { describeError } from '../show-error.ts';

interface ServeCommandOptions extends CommonOptions {
  model?: string;
  port: number;
  host?: string;
  keyFile?: string;
  url?: string;
  bestOf?: number;
  pruned: boolean;
  reward: string;
  queue: number;
  grace: number;
}

export function serveCommand(program: Command): void {
  const command = program
    .command('serve')
    .description("draw pictures for other programs: OpenAI's images API, on this machine alone unless told otherwise")
    .option('--model <name>', "the model to draw with (default: the project's base model)")
    .option('--port <n>', 'the port, 0 for any free one', wholeNumber(0), 8190)
    .option('--host <address>', 'listen on another address than 127.0.0.1, which needs a key')
    .option('--key-file <file>', 'clients must send this key as "Authorization: Bearer KEY" (or set HEED_API_KEY)')
    .option('--url <url>', 'what clients call the server, where a proxy or a name stands before it')
    .option(
      '--best-of <n>',
      'load the reward and draw n candidates for each picture (requests: best_of)',
      wholeNumber(1),
    )
    .option('--pruned', 'leave most candidates out while they are denoised, for half the cost', false)
    .option('--reward <name>', 'the reward that chooses', 'default')
    .option('--queue <n>', 'requests that may wait; others are answered 429', wholeNumber(0), 16)
    .option('--grace <seconds>', 'how long requests under way may take when the server stops', wholeNumber(0), 30);
  withCommonOptions(command, [
    'heed serve --model tuned',
    'heed serve --model tuned --best-of 16 --pruned',
    'HEED_API_KEY=... heed serve --model tuned --host 0.0.0.0',
    `curl http://127.0.0.1:8190/v1/images/generations -H 'Content-Type: application/json' -d '{"prompt": "two cats", "n": 2}'`,
  ]).action(async (options: ServeCommandOptions) =>
    runCommand(options, async ({ openProject, signal, note, json }) => {
      const project = await openProject();
      const { checkUrl } = await import('../../http/timed-server.ts');
      const { MAX_DRAWN } = await import('../../serve/image-request.ts');
      const { startImageServer } = await import('../../serve/server.ts');
      const { model = project.config.model.name, bestOf, pruned, reward } = options;
      if (bestOf !== undefined && bestOf > MAX_DRAWN) {
        throw badInput(`--best-of must be a whole number from 1 to ${MAX_DRAWN}, got ${bestOf}`);
      }
      if (pruned && bestOf === undefined) throw badInput('--pruned: expected --best-of with it, got none');
      const server = await startImageServer(project, {
        model,
        port: options.port,
        host: options.host,
        keyFile: options.keyFile,
        url: options.url === undefined ? undefined : checkUrl(options.url),
        reward: bestOf === undefined ? undefined : reward,
        bestOf: bestOf ?? 1,
        pruned,
        queue: options.queue,
        graceMs: 1000 * options.grace,
        onError: (error) => note(`serve: ${describeError(error)}`),
        onAnswer: (line) => note(line),
      });
      note(`${server.origin} listens; model '${model}' is loading`);
      try {
        const stopped = new Promise<void>((resolve) => {
          if (signal.aborted) resolve();
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
        await Promise.race([server.ready, stopped]);
        if (!signal.aborted) {
          const base = `${server.origin}/v1`;
          process.stdout.write(
            json
              ? `${JSON.stringify({ url: base, model })}\n`
              : `\n  ${base}\n\nThe server is ready. Ctrl-C stops it.\n`,
          );
        }
        await stopped;
      } catch (error) {
        if (!isAbort(error)) throw error;
      } finally {
        await server.close();
      }
      return { data: { closed: true }, lines: ['The server is closed.'] };
    }),
  );
}
