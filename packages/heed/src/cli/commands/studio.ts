/** `heed studio`: serves the web pages for raters and for the project's owner. */
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { type CommonOptions, runCommand, withCommonOptions } from '../context.ts';
import { wholeNumber } from '../parse-options.ts';
import { describeError } from '../show-error.ts';

interface StudioOptions extends CommonOptions {
  port?: number;
  host?: string;
  url?: string;
  name: string;
}

export function studioCommand(program: Command): void {
  const command = program
    .command('studio')
    .description('serve the pages where people label images and you watch the loop, on this machine alone')
    .option('--port <n>', 'the port (default: 4180 or the next free one)', wholeNumber(0))
    .option('--name <set>', 'the set of images to label', 'train')
    .option('--host <address>', 'listen on another address than 127.0.0.1: others on that network can then connect')
    .option('--url <url>', 'what browsers call the server, where a proxy or a name stands before it');
  withCommonOptions(command, [
    'heed studio',
    'heed studio --project cats --port 8080',
    'heed studio --set label.imagesPerQuery=4',
    'heed studio --host 0.0.0.0 --url https://label.example.org',
  ]).action(async (options: StudioOptions) =>
    runCommand(options, async ({ openProject, signal, note, json }) => {
      const project = await openProject();
      const { buildPages } = await import('@heed/studio-web');
      const { readStaticPages } = await import('../../studio/pages/static-pages.ts');
      const { startStudio } = await import('../../studio/server.ts');
      const pages = await readStaticPages(await buildPages({ onBuild: () => note('building the pages, once') }));
      const { port, host, url, name } = options;
      const server = await startStudio(project, {
        pages,
        set: name,
        overrides: options.set,
        ...(port === undefined ? {} : { port }),
        ...(host === undefined ? {} : { host }),
        ...(url === undefined ? {} : { url }),
        onError: (error) => note(`studio: ${describeError(error)}`),
      });
      if (host !== undefined && host !== '127.0.0.1') {
        note(`the studio listens on ${host}: everybody on that network can reach it; put a proxy with TLS before it`);
      }
      const announce = () => {
        const link = server.loginLink();
        process.stdout.write(json ? `${JSON.stringify({ login: link })}\n` : `\n  ${link}\n\n`);
      };
      if (!json) process.stdout.write('The studio is open. This link logs you in, once:\n');
      announce();
      const isTerminal = process.stdin.isTTY && !json;
      if (isTerminal) process.stdout.write('Enter gives another link, Ctrl-C stops the studio.\n');
      const lines = isTerminal ? createInterface({ input: process.stdin }).on('line', announce) : undefined;
      // readline intercepts Ctrl-C.
      lines?.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      lines?.close();
      await server.close();
      return { data: { closed: true }, lines: ['The studio is closed.'] };
    }),
  );
}
