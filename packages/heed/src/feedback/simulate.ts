/**
 * Simulated labelling: simulated raters see a few images of one prompt at a time and label each image good or bad, or
 * skip the image. Every judgement of a simulated rater is marked as simulated.
 */
import { groupBy } from '../collections/group-by.ts';
import { threadsOption } from '../config/index.ts';
import { badInput } from '../errors.ts';
import { readFitted } from '../images/read-fitted.ts';
import type { ImageRecord } from '../images/record.ts';
import { createImageStore, type ImageStore } from '../images/store.ts';
import type { Facts, Recogniser, Recognition, SimulatedRater } from '../ports.ts';
import type { ProgressFactory } from '../progress/progress.ts';
import type { Project } from '../project/project.ts';
import { eventId, type FeedbackEvent, queryId } from './event.ts';
import { withEventSink } from './event-sink.ts';
import { openFeedbackLog } from './log.ts';
import { judgeOf } from './world-judge.ts';

export interface SimulatedLabelling {
  readonly set: string;
  readonly raters: number;
  /** Number of judgements added to the log. */
  readonly added: number;
  /**
   * Number of images that could not be judged, because the simulated raters cannot check the prompt's facts or the
   * prompt has none.
   */
  readonly withoutFacts: number;
}

type AskedImage = ImageRecord & { readonly facts: Facts };

interface Query {
  readonly id: string;
  readonly rater: SimulatedRater;
  readonly images: readonly AskedImage[];
}

const RECOGNISED_AT_ONCE = 64;

/**
 * Each simulated rater judges every image of the set that this rater has not judged yet. An interrupted call can be
 * repeated and judges only the remaining images.
 */
export async function runSimulatedLabelling(
  project: Project,
  options: { set?: string; raters?: number; signal?: AbortSignal },
  progress: ProgressFactory,
): Promise<SimulatedLabelling> {
  const { set = 'train', raters: raterCount = project.config.label.simulatedRaters, signal } = options;
  return withEventSink(project, async (sink) => {
    const judge = await judgeOf(project);
    const images = createImageStore(project.paths.images);
    const all = images.all({ set });
    if (all.length === 0)
      throw badInput(`expected images in set '${set}', found none; draw some with \`heed generate\``);
    const asked = all.filter((image): image is AskedImage => judge.canJudge(image.facts));
    if (asked.length === 0) {
      throw badInput(
        `expected images whose prompts say what they ask for, which simulated raters need; none of the ${all.length} in set '${set}' does`,
      );
    }
    const raters = judge.simulatedRaters({ seed: project.config.seed, count: raterCount });
    const judged = new Set(
      (await openFeedbackLog(project.paths.feedback).read()).map(({ rater, image }) => `${rater} ${image}`),
    );
    const { imagesPerQuery } = project.config.label;
    const recogniser = await judge.openRecogniser(threadsOption(project.config));
    const work = progress({ total: asked.length, label: 'label', unit: 'image' });
    let added = 0;
    let done = 0;
    try {
      for (const group of groupsOfPrompts(asked, RECOGNISED_AT_ONCE)) {
        signal?.throwIfAborted();
        const queries = raters.flatMap((rater) =>
          openQueries(
            group.filter(({ id }) => !judged.has(`${rater.id} ${id}`)),
            { rater, imagesPerQuery },
          ),
        );
        const recognitions = await recogniseAll(new Set(queries.flatMap((query) => query.images.map(({ id }) => id))), {
          images,
          recogniser,
        });
        added += await sink.append(queries.flatMap((query) => answer(query, recognitions)));
        done += group.length;
        work.update(done);
      }
      work.done();
    } finally {
      recogniser.dispose();
      await images.close();
    }
    return { set, raters: raterCount, added, withoutFacts: all.length - asked.length };
  });
}

/** Divides images into lists of at least `size`, without splitting the images of one prompt and model. */
function groupsOfPrompts(images: readonly AskedImage[], size: number): AskedImage[][] {
  const groups: AskedImage[][] = [[]];
  for (const samePrompt of byPrompt(images)) {
    if (groups.at(-1)!.length >= size) groups.push([]);
    groups.at(-1)!.push(...samePrompt);
  }
  return groups;
}

function byPrompt(images: readonly AskedImage[]): AskedImage[][] {
  return [...groupBy(images, ({ modelHash, prompt }) => JSON.stringify([modelHash, prompt])).values()];
}

function openQueries(
  images: readonly AskedImage[],
  { rater, imagesPerQuery }: { rater: SimulatedRater; imagesPerQuery: number },
): Query[] {
  return byPrompt(images).flatMap((list) =>
    Array.from({ length: Math.ceil(list.length / imagesPerQuery) }, (_, i) => {
      const shown = list.slice(i * imagesPerQuery, (i + 1) * imagesPerQuery);
      const id = queryId(
        shown[0]!.prompt,
        shown.map((image) => image.id),
      );
      return { id, rater, images: shown };
    }),
  );
}

async function recogniseAll(
  ids: ReadonlySet<string>,
  { images, recogniser }: { images: ImageStore; recogniser: Recogniser },
): Promise<Map<string, Recognition>> {
  const list = [...ids];
  const recognitions = await recogniser.recognise(await readFitted(images, list, { side: recogniser.imageSize }));
  return new Map(list.map((id, i) => [id, recognitions[i]!]));
}

function answer({ id: query, rater, images }: Query, recognitions: ReadonlyMap<string, Recognition>): FeedbackEvent[] {
  const time = new Date().toISOString();
  return images.map(({ id: image, prompt, model, facts }) => ({
    id: eventId({ query, rater: rater.id, image }),
    time,
    rater: rater.id,
    raterKind: 'simulated',
    query,
    image,
    prompt,
    model,
    label: rater.judge(recognitions.get(image)!, facts),
  }));
}
