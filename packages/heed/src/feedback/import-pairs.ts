/**
 * Imports a table of preference pairs with one pair per row. The table has Pick-a-Pic's columns (image_0_uid,
 * image_1_uid, label_0, label_1 or best_image_uid, user_id, ranking_id). `heed export pairs` writes the same columns.
 * Each pair becomes a preference. With `--known`, the better image becomes a known good answer and the other a known
 * bad one.
 */
import { groupBy } from '../collections/group-by.ts';
import { badInput, InputError } from '../errors.ts';
import { type CsvRow, readCsv } from '../files/read-csv.ts';
import type { Project } from '../project/project.ts';
import { quote } from '../text/nearest.ts';
import { type Label, queryId } from './event.ts';
import { createImageLookup, type ImageLookup } from './image-lookup.ts';
import {
  addJudgements,
  checkTexts,
  type EventWriter,
  type FeedbackImport,
  type ImportedJudgement,
  imagesOf,
  logWriter,
  raterKindOf,
} from './import-judgements.ts';
import { impliedPreferences, statedPreferences } from './preferences.ts';
import { readTime } from './read-time.ts';

const COLUMNS = ['image_0', 'image_1', 'label_0', 'label_1', 'best', 'rater', 'query', 'time'] as const;
type Column = (typeof COLUMNS)[number];
const ALIASES: Readonly<Record<string, Column>> = {
  image_0_uid: 'image_0',
  image_0_id: 'image_0',
  image_0_path: 'image_0',
  image_1_uid: 'image_1',
  image_1_id: 'image_1',
  image_1_path: 'image_1',
  best_image_uid: 'best',
  best_image: 'best',
  user_id: 'rater',
  annotator: 'rater',
  ranking_id: 'query',
  created_at: 'time',
};

/** Whether these columns are the header of a table of pairs. */
export function isPairHeader(columns: readonly string[]): boolean {
  const known = new Set(columns.map((name) => ALIASES[name] ?? name));
  return ['image_0', 'image_1'].every((name) => known.has(name)) && (known.has('label_0') || known.has('best'));
}

const PREFERENCE = { purpose: 'preference' } as const;

/**
 * Imports the pairs of the table at `path`. For a bad row an error with the line number is thrown, and nothing is
 * written.
 */
export async function importPairs(
  project: Project,
  path: string,
  options: { rater?: string; now?: Date; write?: EventWriter; asKnown?: boolean } = {},
): Promise<FeedbackImport> {
  const { rater, now = new Date(), write = logWriter(project), asKnown = false } = options;
  const images = imagesOf(project);
  const lookup = createImageLookup(images);
  const rows = await readCsv<Column, ImportedJudgement[]>(path, {
    what: 'a table of preference pairs',
    columns: { required: ['image_0', 'image_1'], optional: COLUMNS.slice(2), aliases: ALIASES, allowOthers: true },
    parseRow({ line, cells }) {
      const pair = [cells.image_0, cells.image_1].map((cell) => idOf(cell, lookup)) as [string, string];
      const labels = labelsOf(cells, pair, lookup);
      const judge = cells.rater || rater;
      if (judge === undefined) throw new InputError('expected a rater in the row, or --rater, got neither');
      // A rater can rank three images at once; each pair of them is a separate query.
      const query = queryId(cells.query || images.get(pair[0]).prompt, pair);
      return pair.map((image, i) => {
        const { prompt, model } = images.get(image);
        checkTexts({ rater: judge, query, reason: '' });
        const who = { rater: judge, raterKind: raterKindOf(judge) };
        const time = readTime(cells.time, now);
        // The order of answers does not matter here, because a rater sees an image in several pairs.
        return {
          where: `line ${line}`,
          isTimed: false,
          event: { time, ...who, query, image, prompt, model, label: labels[i]!, ...(asKnown ? {} : PREFERENCE) },
        };
      });
    },
  });
  const isTie = (pair: readonly ImportedJudgement[]) => pair.every(({ event }) => event.label === 'good');
  const ties = rows.filter(isTie).length;
  if (!asKnown) {
    const judgements = rows.flat();
    const result = await addJudgements({ judgements, withoutLabel: 0 }, { path, write: withoutKnown(write) });
    const undecided = ties === 0 ? '' : `, of which ties: ${ties}`;
    return { ...result, notes: [`pairs: ${rows.length}${undecided}`, ...result.notes] };
  }
  const { judgements, torn } = agreeing(rows.filter((pair) => !isTie(pair)).flat());
  if (judgements.length === 0) throw badInput(`${path}: expected a pair with a better image, got none`);
  const result = await addJudgements({ judgements, withoutLabel: ties }, { path, write, asKnown });
  const notes = [
    `pairs whose better image counts as good and the other as bad: ${rows.length - ties}`,
    ...(torn === 0 ? [] : [`images left out that a rater found better in one pair and worse in another: ${torn}`]),
  ];
  return { ...result, notes: [...notes, ...result.notes] };
}

function idOf(cell: string, lookup: ImageLookup): string {
  const id = lookup.find(cell);
  if (id !== undefined) return id;
  throw new InputError(`expected the id of an image of this project, got ${quote(cell)}${lookup.cause(cell)}`);
}

/** The labels of a pair's two images; in a tie, both labels are 'good'. */
function labelsOf(
  cells: CsvRow<Column>['cells'],
  pair: readonly [string, string],
  lookup: ImageLookup,
): readonly [Label, Label] {
  const shares = [cells.label_0, cells.label_1].map((cell) => Number(cell.replace(',', '.')));
  const [first = 0, second = 0] = cells.label_1 === '' ? [shares[0]!, 1 - shares[0]!] : shares;
  if (cells.label_0 !== '' && !(first >= 0 && second >= 0 && first <= 1 && second <= 1)) {
    throw new InputError(
      `label_0 and label_1 must be from 0 to 1, got ${quote(cells.label_0)} and ${quote(cells.label_1)}`,
    );
  }
  const best = cells.label_0 === '' ? lookup.find(cells.best) : undefined;
  const [one, other] = best === undefined ? [first, second] : [Number(best === pair[0]), Number(best === pair[1])];
  if (one === other || (cells.label_0 === '' && best === undefined)) return ['good', 'good'];
  return one > other ? ['good', 'bad'] : ['bad', 'good'];
}

/**
 * Skips pairs that the log already contains, as preferences or as good and bad labels. A project's own export therefore
 * adds nothing.
 */
function withoutKnown(write: EventWriter): EventWriter {
  return (eventsOf) =>
    write((log) => {
      const keyOf = (rater: string, images: readonly string[]) => JSON.stringify([rater, ...images]);
      const known = new Set(
        [...impliedPreferences(log), ...statedPreferences(log)].map(({ better, worse, isTie }) => {
          const images = [better.image, worse.image];
          return keyOf(better.rater, isTie ? images.sort() : images);
        }),
      );
      const byPair = groupBy(eventsOf(log), ({ rater, query }) => JSON.stringify([rater, query]));
      return [...byPair.values()].flatMap((pair) => {
        const [better, worse] = [...pair].sort((a, b) => Number(b.label === 'good') - Number(a.label === 'good'));
        if (!better || !worse) return pair;
        const images = [better.image, worse.image];
        const isTie = worse.label === 'good';
        return known.has(keyOf(better.rater, isTie ? images.sort() : images)) ? [] : pair;
      });
    });
}

/**
 * Keeps one judgement of each image by each rater. If a rater preferred an image in one pair and rejected the same
 * image in another, that rater's judgements of the image are left out.
 */
function agreeing(all: readonly ImportedJudgement[]): { judgements: ImportedJudgement[]; torn: number } {
  const byImage = new Map<string, ImportedJudgement[]>();
  for (const judgement of all) {
    const key = JSON.stringify([judgement.event.rater, judgement.event.image]);
    byImage.set(key, [...(byImage.get(key) ?? []), judgement]);
  }
  const agreed = [...byImage.values()].filter((of) => of.every(({ event }) => event.label === of[0]!.event.label));
  return { judgements: agreed.map(([first]) => first!), torn: byImage.size - agreed.length };
}
