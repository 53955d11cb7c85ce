/** A Slurm of one machine, without munge. For tests alone. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const CPUS = 2;
const UP_MS = 60_000;

export interface Slurm {
  /** Submits a batch script; resolves with the state of the job once it has ended. */
  submit(args: readonly string[], env: Readonly<Record<string, string>>): Promise<string>;
  stop(): void;
}

/** Starts a controller and a node whose files lie in `folder`. */
export async function startSlurm(folder: string): Promise<Slurm> {
  const host = hostname().split('.')[0]!;
  const config = join(folder, 'slurm.conf');
  for (const name of ['state', 'spool']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(config, configText(folder, host));
  const env = { ...process.env, SLURM_CONF: config };
  const run = (command: string, ...args: readonly string[]) =>
    execFileSync(command, args, { env, encoding: 'utf8', stdio: 'pipe' });
  run('slurmctld', '-f', config);
  run('slurmd', '-f', config, '-N', host);
  const startedAt = Date.now();
  while (!/idle/.test(spawnSync('sinfo', ['-h', '-o', '%t'], { env, encoding: 'utf8' }).stdout ?? '')) {
    if (Date.now() - startedAt > UP_MS) throw new Error(`expected Slurm to come up, got: ${logsOf(folder)}`);
    await sleep(200);
  }
  return {
    async submit(args, own) {
      const submitted = execFileSync('sbatch', ['--parsable', ...args], { env: { ...env, ...own }, encoding: 'utf8' });
      const id = submitted.trim().split(';')[0]!;
      while (true) {
        const states = [...run('scontrol', 'show', 'job', id).matchAll(/JobState=(\w+)/g)].map(([, state]) => state!);
        if (states.every((state) => !/PENDING|RUNNING|COMPLETING|CONFIGURING|REQUEUED/.test(state))) {
          return [...new Set(states)].join();
        }
        await sleep(200);
      }
    },
    stop() {
      for (const name of ['d.pid', 'ctld.pid']) {
        const path = join(folder, name);
        if (existsSync(path)) process.kill(Number(readFileSync(path, 'utf8')), 'SIGTERM');
      }
    },
  };
}

function logsOf(folder: string): string {
  return ['ctld.log', 'd.log'].map((name) => readFileSync(join(folder, name), 'utf8').slice(-2000)).join('\n');
}

function configText(folder: string, host: string): string {
  const at = (name: string) => join(folder, name);
  return `ClusterName=test
SlurmctldHost=${host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/none
CredType=cred/none
StateSaveLocation=${at('state')}
SlurmdSpoolDir=${at('spool')}
SlurmctldPidFile=${at('ctld.pid')}
SlurmdPidFile=${at('d.pid')}
SlurmctldLogFile=${at('ctld.log')}
SlurmdLogFile=${at('d.log')}
SlurmctldPort=16817
SlurmdPort=16818
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/linear
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
ReturnToService=2
MpiDefault=none
NodeName=${host} NodeAddr=127.0.0.1 CPUs=${CPUS} State=UNKNOWN
PartitionName=p Nodes=${host} Default=YES State=UP MaxTime=10
`;
}
