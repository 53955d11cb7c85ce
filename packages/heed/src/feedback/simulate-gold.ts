/**
 * Creates known answers with a recognition network, for queries in which the network is certain about every image.
 * Known answers are marked as simulated and serve to measure raters; no reward is trained on known answers.
 */
import { groupBy } from '../collections/group-by.ts';
import { threadsOption } from '../config/index.ts';
import { badInput } from '../errors.ts';
import { readFitted } from '../images/read-fitted.ts';
import type { ImageRecord } from '../images/record.ts';
import { createImageStore, type ImageStore } from '../images/store.ts';
import { worldOf } from '../parts.ts';
import type { Facts, Recogniser, Vocabulary, WorldJudge } from '../ports.ts';
import type { Project } from '../project/project.ts';
import { eventId, type FeedbackEvent, queryId } from './event.ts';
import { withEventSink } from './event-sink.ts';
import { knownAnswers } from './known-answers.ts';
import { openFeedbackLog } from './log.ts';
import { judgeOf } from './world-judge.ts';

export interface SimulatedGold {
  readonly set: string;
  /** Number of images that got a known answer from this call. */
  readonly added: number;
  readonly queries: number;
  readonly good: number;
  readonly bad: number;
}

/** The recogniser's rater id; simulated raters have the ids 'simulated-1', 'simulated-2' and so on. */
const RECOGNISER_RATER = 'simulated-0';
const QUERIES = 20;
/**
 * Number of queries that the recogniser examines for each requested query; the queries with the clearest answers are
 * chosen.
 */
const LOOKED_AT_PER_QUERY = 5;
/** The least certainty of every image in a query that gets known answers. */
const CLEAR = 0.9;

interface JudgedImage {
  readonly image: ImageRecord;
  readonly label: 'good' | 'bad';
  readonly why: string;
  /** The recogniser's certainty about the label, from 0.5 to 1. */
  readonly certainty: number;
}

/**
 * Stores known answers for up to `queries` queries of the image set. Queries with both good and bad images are chosen
 * first, then the queries with the highest certainty.
 */
export async function markSimulatedGold(
  project: Project,
  options: { set?: string; queries?: number; signal?: AbortSignal } = {},
): Promise<SimulatedGold> {
  const { set = 'train', queries = QUERIES, signal } = options;
  return withEventSink(project, async (sink) => {
    const worldJudge = await judgeOf(project);
    const { vocabulary } = await worldOf(project.config);
    const images = createImageStore(project.paths.images);
    const known = knownAnswers(await openFeedbackLog(project.paths.feedback).read());
    const candidates = queriesOf(images.all({ set }), project.config.label.imagesPerQuery).filter((shown) =>
      shown.every(({ id, facts }) => worldJudge.canJudge(facts) && !known.has(id)),
    );
    if (candidates.length === 0) {
      throw badInput(
        `expected images in set '${set}' whose prompts say what they ask for and whose answer is not known, found none`,
      );
    }
    const step = Math.max(1, Math.floor(candidates.length / (queries * LOOKED_AT_PER_QUERY)));
    const recogniser = await worldJudge.openRecogniser(threadsOption(project.config));
    const judged: JudgedImage[][] = [];
    try {
      for (const shown of candidates.filter((_, i) => i % step === 0)) {
        signal?.throwIfAborted();
        judged.push(await judge(shown, { images, recogniser, worldJudge, vocabulary }));
      }
    } finally {
      recogniser.dispose();
    }
    const chosen = judged
      .filter((query) => query.every(({ certainty }) => certainty >= CLEAR))
      .sort((a, b) => Number(isMixed(b)) - Number(isMixed(a)) || leastCertain(b) - leastCertain(a))
      .slice(0, queries);
    if (chosen.length === 0) {
      throw badInput(`expected queries that the recogniser is sure of, found none among ${judged.length}`);
    }
    const time = new Date().toISOString();
    const added = await sink.append(chosen.flatMap((query) => keysOf(query, time)));
    const good = chosen.flat().filter(({ label }) => label === 'good').length;
    return { set, added, queries: chosen.length, good, bad: chosen.flat().length - good };
  });
}

/**
 * Groups images into the queries that the studio shows: a few images of one model and prompt, in the order of
 * generation.
 */
function queriesOf(images: readonly ImageRecord[], imagesPerQuery: number): ImageRecord[][] {
  const groups = groupBy(images, ({ modelHash, prompt }) => JSON.stringify([modelHash, prompt]));
  return [...groups.values()].flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / imagesPerQuery) }, (_, i) =>
      group.slice(i * imagesPerQuery, (i + 1) * imagesPerQuery),
    ),
  );
}

async function judge(
  shown: readonly ImageRecord[],
  options: {
    images: ImageStore;
    recogniser: Recogniser;
    worldJudge: WorldJudge;
    vocabulary: Vocabulary | undefined;
  },
): Promise<JudgedImage[]> {
  const { images, recogniser, worldJudge, vocabulary } = options;
  const recognitions = await recogniser.recognise(
    await readFitted(
      images,
      shown.map(({ id }) => id),
      { side: recogniser.imageSize },
    ),
  );
  return shown.map((image, i) => {
    const [recognition, asked] = [recognitions[i]!, image.facts as Facts];
    const chance = worldJudge.chanceAllShown(recognition, asked);
    const missing = Object.entries(worldJudge.alignmentOf(recognition, asked).perAttribute)
      .filter(([, isThere]) => !isThere)
      .map(([attribute]) => attribute);
    const label = chance >= 0.5 ? 'good' : 'bad';
    const why =
      label === 'good'
        ? `It shows what was asked for: ${vocabulary?.describe(asked) ?? image.prompt}`
        : `Not what was asked for${missing.length === 0 ? '' : `: look at the ${missing.join(' and the ')}`}.`;
    return { image, label, why, certainty: Math.max(chance, 1 - chance) };
  });
}

function keysOf(query: readonly JudgedImage[], time: string): FeedbackEvent[] {
  const id = queryId(
    query[0]!.image.prompt,
    query.map(({ image }) => image.id),
  );
  return query.map(({ image: { id: image, prompt, model }, label, why }) => ({
    id: `key-${eventId({ query: id, rater: RECOGNISER_RATER, image })}-${Date.parse(time)}`,
    time,
    rater: RECOGNISER_RATER,
    raterKind: 'simulated',
    query: id,
    image,
    prompt,
    model,
    label,
    reason: why,
    purpose: 'key',
  }));
}

function isMixed(query: readonly JudgedImage[]): boolean {
  return new Set(query.map(({ label }) => label)).size > 1;
}

function leastCertain(query: readonly JudgedImage[]): number {
  return Math.min(...query.map(({ certainty }) => certainty));
}
