/**
 * `heed doctor` as several ranks: checks whether all ranks have the same heed, runtime and weights. The command also
 * measures how fast the ranks exchange gradients, and forecasts the speed of tuning.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { availableParallelism, hostname } from 'node:os';
import { join } from 'node:path';
import { type Communicator, runtimeVersion } from '@heed/diffusion/autodiff';
import packageJson from '../../package.json' with { type: 'json' };
import { baseModelFolder, type Project } from '../project/index.ts';
import { type ExchangeTime, exchangeSeconds, measureExchange } from '../tune/exchange-time.ts';
import { tuneOptionsOf } from '../tune/options.ts';
import { optionsForRanks } from '../tune/ranks.ts';
import type { CheckResult } from './checks.ts';
import { forecastTuning } from './tune-forecast.ts';

/** The facts that one rank reports. */
interface RankFacts {
  readonly rank: number;
  readonly host: string;
  readonly heed: string;
  readonly node: string;
  readonly runtime: string;
  readonly threads: number;
  /** Hash of the base model's weights as this rank reads them. */
  readonly weights?: string;
}

export interface RanksReport {
  readonly ranks: readonly RankFacts[];
  readonly hosts: number;
  readonly exchange: ExchangeTime;
  /** Forecast of tuning under the project's settings; absent without a project. */
  readonly forecast?: {
    readonly gradientBytes: number;
    readonly exchangeSeconds: number;
    readonly computeSeconds: number;
    /** Speed-up over one rank that computes all batches of an update. */
    readonly speedUp: number;
  };
}

/** Compares the ranks. All ranks call this function; only the result on rank 0 is complete. */
export async function checkRanks(
  communicator: Communicator,
  project: Project | undefined,
): Promise<{ report: RanksReport; checks: CheckResult[] }> {
  const own: RankFacts = {
    rank: communicator.rank,
    host: hostname(),
    heed: packageJson.version,
    node: process.version,
    runtime: runtimeVersion,
    threads: availableParallelism(),
    ...(project === undefined ? {} : { weights: await weightsHash(await baseModelFolder(project, { offline: true })) }),
  };
  const ranks = (await communicator.gather(JSON.stringify(own))).map((text) => JSON.parse(text) as RankFacts);
  const exchange = await measureExchange(communicator);
  const { hosts, size, rank } = communicator;
  const isForecast = rank === 0 && project !== undefined;
  const forecast = isForecast ? { forecast: await forecastRanks(project, { size, exchange }) } : {};
  const report: RanksReport = { ranks, hosts, exchange, ...forecast };
  return { report, checks: [...agreement(ranks, project), ...describeSpeed(report)] };
}

async function forecastRanks(
  project: Project,
  { size, exchange }: { size: number; exchange: ExchangeTime },
): Promise<NonNullable<RanksReport['forecast']>> {
  const { config } = project;
  const { replicas } = optionsForRanks(tuneOptionsOf(config), size);
  const path = await baseModelFolder(project, { offline: true });
  const { trainedParameters, step } = await forecastTuning(path, { ...config, tune: { ...config.tune, replicas } });
  const bytesEach = config.tune.exchange === 'bfloat16' ? 2 : 4;
  const gradientBytes = bytesEach * trainedParameters;
  const exchangedSeconds = exchangeSeconds(exchange, gradientBytes);
  const computeSeconds = step.seconds / size;
  const speedUp = step.seconds / (computeSeconds + exchangedSeconds);
  return { gradientBytes, exchangeSeconds: exchangedSeconds, computeSeconds, speedUp };
}

const COMPARED = [
  ['heed', 'the same version of heed'],
  ['node', 'the same version of Node'],
  ['runtime', 'the same version of ONNX Runtime'],
  ['weights', "the same weights of the project's model"],
] as const satisfies readonly (readonly [keyof RankFacts, string])[];

/**
 * Returns one check for each fact that must not differ between ranks. A different version of Node is only a warning.
 */
function agreement(ranks: readonly RankFacts[], project: Project | undefined): CheckResult[] {
  const first = ranks[0]!;
  const compared = COMPARED.filter(([key]) => key !== 'weights' || project !== undefined);
  return compared.map(([key, what]) => {
    const other = ranks.find((facts) => facts[key] !== first[key]);
    const name = `ranks: ${key}`;
    if (other === undefined) return { name, state: 'ok', found: `${first[key]} on ${ranks.length} ranks` };
    const found = `expected ${what} on all ranks, got ${first[key]} on rank 0 (${first.host}) and ${other[key]} on rank ${other.rank} (${other.host})`;
    return { name, state: key === 'node' ? 'warning' : 'failed', found };
  });
}

function describeSpeed({ ranks, hosts, exchange, forecast }: RanksReport): CheckResult[] {
  const name = 'ranks: speed';
  const threads = ranks.map((facts) => facts.threads);
  const rate = (exchange.bytes / exchange.seconds / 1e9).toFixed(2);
  const measured: CheckResult = {
    name,
    state: 'ok',
    found: `${ranks.length} ranks on ${hosts} ${hosts === 1 ? 'host' : 'hosts'} with ${threads.join(', ')} threads sum ${rate} GB of gradients a second`,
  };
  const bound: CheckResult[] = threads.some((count) => count === 1)
    ? [
        {
          name: 'ranks: threads',
          state: 'warning',
          found: 'expected more than one thread a rank, got one; mpirun needs --bind-to none',
        },
      ]
    : [];
  if (forecast === undefined) return [measured, ...bound];
  const { computeSeconds, exchangeSeconds, speedUp } = forecast;
  const found = `an update takes ${computeSeconds.toFixed(2)} s and its exchange ${exchangeSeconds.toFixed(3)} s: about ${speedUp.toFixed(2)} times as fast as one rank, where each rank has separate cores`;
  return [measured, ...bound, { name: 'ranks: forecast', state: 'ok', found }];
}

/** First 16 hex digits of a SHA-256 over the names and bytes of a model's weights. */
async function weightsHash(path: string): Promise<string> {
  const hash = createHash('sha256');
  // A single file is a model as well.
  const isFolder = (await stat(path)).isDirectory();
  const files = isFolder
    ? (await readdir(path, { recursive: true })).filter((file) => file.endsWith('.safetensors'))
    : [''];
  for (const file of files.sort()) {
    hash.update(file);
    for await (const bytes of createReadStream(join(path, file))) hash.update(bytes as Buffer);
  }
  return hash.digest('hex').slice(0, 16);
}
