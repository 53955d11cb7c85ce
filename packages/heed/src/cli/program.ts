/**
 * The command line, built with Commander; each command has its own file, which registers it. `main.ts` parses arguments
 * and sets exit codes; the stages do the work.
 */
import { Command } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { compareMethodsCommand } from './commands/compare-methods.ts';
import { contrastCommand } from './commands/contrast.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { exportCommand } from './commands/export.ts';
import { fidCommand } from './commands/fid.ts';
import { generateCommand } from './commands/generate.ts';
import { importCommand } from './commands/import.ts';
import { initCommand } from './commands/init.ts';
import { labelCommand } from './commands/label.ts';
import { loopCommand } from './commands/loop.ts';
import { nextCommand } from './commands/next.ts';
import { prepareCommand } from './commands/prepare.ts';
import { reportCommand } from './commands/report.ts';
import { rewardCommand } from './commands/reward.ts';
import { sampleCommand } from './commands/sample.ts';
import { serveCommand } from './commands/serve.ts';
import { statusCommand } from './commands/status.ts';
import { studioCommand } from './commands/studio.ts';
import { tryCommand } from './commands/try.ts';
import { tuneCommand } from './commands/tune.ts';
import { workerCommand } from './commands/worker.ts';

const HELP_AFTER = `
The loop, in a new folder:
  $ heed init cats && cd cats
  $ heed generate          draw images of many prompts
  $ heed studio            judge them good or bad in the browser
  $ heed label --simulate  or let simulated raters judge them (or import people's judgements)
  $ heed reward            learn to judge as the raters do
  $ heed tune              fine-tune the model with the reward
  $ heed evaluate          compare the tuned model with its base
  $ heed report            one page with tables, plots and pictures

Several rounds:         heed loop --rounds 3
The whole loop at once: heed demo

Exit codes: 0 done, 1 failed, 2 bad input (nothing was changed), 130 stopped by Ctrl-C (the same command resumes).
`;

/** Creates the command line without parsing. Parse errors throw a CommanderError after they are printed. */
export function createProgram(): Command {
  const program = new Command('heed')
    .description("Aligns a text-to-image model with people's feedback.")
    .version(packageJson.version)
    .showHelpAfterError('(see the command with --help)')
    .configureHelp({ sortSubcommands: false })
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'heed: ')) })
    .addHelpText('after', HELP_AFTER);

  for (const register of [
    initCommand,
    generateCommand,
    importCommand,
    labelCommand,
    studioCommand,
    workerCommand,
    prepareCommand,
    rewardCommand,
    nextCommand,
    tuneCommand,
    contrastCommand,
    sampleCommand,
    tryCommand,
    evaluateCommand,
    fidCommand,
    reportCommand,
    exportCommand,
    serveCommand,
    compareMethodsCommand,
    loopCommand,
    statusCommand,
    demoCommand,
    doctorCommand,
  ]) {
    register(program);
  }
  throwInsteadOfExiting(program);
  return program;
}

function throwInsteadOfExiting(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) throwInsteadOfExiting(child);
}
