/** The data of the page for trying models: the last tries with their pictures, and the waiting jobs. */
import { modelNames } from '../../project/models.ts';
import { readTries } from '../../try/try-log.ts';
import type { Job } from '../jobs/job.ts';
import { namesIn } from '../runs/list-runs.ts';
import type { Studio } from '../studio.ts';

const TRIES_SHOWN = 30;

/** Lists the tries, newest first. A picture that was set aside or deleted after the try is null. */
export async function listTries(studio: Studio) {
  const { project, jobs } = studio;
  const tries = readTries(project).slice(-TRIES_SHOWN).reverse();
  const done = new Set(tries.map(({ id }) => id));
  const all = await jobs.all();
  const other = all.find(({ kind, state }) => kind !== 'try' && state === 'running');
  return {
    models: await modelNames(project),
    hasReward: (await namesIn(project.paths.models)).includes('reward-default'),
    /** The kind of the running job that must end before a waiting try starts. */
    waitsFor: other === undefined ? null : other.kind,
    open: all.filter(({ kind, name }) => kind === 'try' && !done.has(name ?? '')).map(waitingTry),
    tries: tries.map(({ drawn, best, ...record }) => ({
      ...record,
      drawn: drawn.map(({ model, images: ids }) => ({
        model,
        pictures: picturesOf(studio, ids.slice(0, record.count)),
      })),
      ...(best === undefined ? {} : { best: bestOf(studio, drawn[0]!.images, best.scores) }),
    })),
  };
}

function waitingTry({ id, name, state, progress, error, notes, args = [] }: Job) {
  return {
    job: id,
    id: name ?? id,
    prompt: args.find((arg) => arg.startsWith('--prompt='))?.slice('--prompt='.length) ?? '',
    state,
    ...(progress === undefined ? {} : { progress }),
    ...(notes.length === 0 ? {} : { note: notes.at(-1)! }),
    ...(error === undefined ? {} : { error }),
  };
}

function picturesOf({ images }: Studio, ids: readonly string[]): (string | null)[] {
  const stands = (id: string) => images.current().has(id) && images.current().stands(id);
  return ids.map((id) => (stands(id) ? images.nameOf(id) : null));
}

/** The picture with the highest reward, together with the first picture as a random sample. */
function bestOf(studio: Studio, ids: readonly string[], scores: readonly number[]) {
  const best = scores.reduce((top, score, i) => (score > scores[top]! ? i : top), 0);
  const [random = null, picture = null] = picturesOf(studio, [ids[0]!, ids[best]!]);
  return {
    of: scores.length,
    best: { picture, reward: scores[best]! },
    /** The first picture, a random sample. */
    random: { picture: random, reward: scores[0]! },
  };
}
