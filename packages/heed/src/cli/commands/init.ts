/** `heed init`: creates a new project. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { type CommonOptions, collect, runCommand } from '../context.ts';

/** The next command to type, with the path relative to the working directory. */
export function nextCommand(folder: string): string {
  if (resolve(folder) === process.cwd()) return 'npx heed studio';
  const word =
    /^[\w./-]+$/.test(folder) && !folder.startsWith('-') ? folder : `-- '${folder.replaceAll("'", "'\\''")}'`;
  return `cd ${word} && npx heed studio`;
}

export function initCommand(program: Command): void {
  program
    .command('init')
    .description('make a project: a folder with a commented heed.toml')
    .argument('[folder]', 'where', '.')
    .option('--set <key=value>', 'write a setting into heed.toml (can be repeated)', collect, [])
    .option('--json', 'print the result as one JSON document', false)
    .option('--schema', 'print the JSON Schema of heed.toml instead, for editors', false)
    .addHelpText(
      'after',
      `
Examples:
  $ heed init                                   in this folder
  $ heed init cats --set generate.promptLimit=200
  $ heed init mine --set model.path=/models/stable-diffusion-v1-5 --set generate.prompts=prompts.txt
  $ heed init --schema > heed.schema.json
`,
    )
    .action(async (folder: string, options: Omit<CommonOptions, 'project'> & { schema: boolean }) =>
      runCommand({ ...options, project: folder }, async () => {
        if (options.schema) {
          const { configJsonSchema } = await import('../../config/index.ts');
          const schema = configJsonSchema();
          return { data: schema, lines: [JSON.stringify(schema, null, 2)] };
        }
        const { initProject } = await import('../../project/init.ts');
        const { isPaperScale } = await import('../../config/index.ts');
        const project = await initProject(folder, { overrides: options.set });
        return {
          data: { folder: project.folder, config: project.paths.config },
          lines: [
            `Made a project in ${project.folder}`,
            `Its settings are in ${project.paths.config}`,
            `Next: ${nextCommand(folder)}`,
            ...(isPaperScale(project.config)
              ? ["All of the paper's images take hours; the studio begins with 360 of them."]
              : []),
          ],
        };
      }),
    );
}
