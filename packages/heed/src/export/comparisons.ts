/**
 * Exports blind comparisons as a table or JSON lines: one row for each answer that was neither replaced nor withdrawn,
 * with the images on each side.
 */
import { writeFileAtomically } from '@heed/diffusion/files';
import { badInput } from '../errors.ts';
import { outcomeOf } from '../evaluate/blind-comparison.ts';
import { readRaters } from '../feedback/index.ts';
import { writeCsv } from '../files/write-csv.ts';
import { imageName } from '../images/image-name.ts';
import type { Project } from '../project/project.ts';
import { readComparisons } from '../studio/comparing/read-comparisons.ts';
import { quote } from '../text/nearest.ts';
import type { TableExport } from './tables.ts';

const COLUMNS = [
  'comparison',
  'query',
  'prompt',
  'category',
  'seen',
  'model',
  'comparedWith',
  'rater',
  'setAside',
  'modelIsLeft',
  'alignment',
  'fidelity',
  'seconds',
  'time',
  'images',
  'otherImages',
  'id',
] as const;

type Pictures = 'images' | 'otherImages';
type Row = Readonly<
  Record<Exclude<(typeof COLUMNS)[number], Pictures>, string | number | boolean | undefined> &
    Record<Pictures, readonly string[]>
>;

/**
 * Exports the comparison with the given id, or all comparisons. The columns `alignment` and `fidelity` contain win, tie
 * or lose, from the point of view of the model in column `model`.
 */
export async function exportComparisons(
  project: Project,
  file: string,
  options: { format: 'csv' | 'jsonl'; comparison?: string | undefined },
): Promise<TableExport> {
  const { format, comparison } = options;
  const rows = comparisonRows(project, comparison);
  if (format === 'jsonl') await writeFileAtomically(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  else {
    const joined = rows.map(({ images, otherImages, ...row }) => ({
      ...row,
      images: images.join(' '),
      otherImages: otherImages.join(' '),
    }));
    await writeCsv(file, COLUMNS, joined);
  }
  return { file, rows: rows.length };
}

function comparisonRows(project: Project, id: string | undefined): Row[] {
  const all = readComparisons(project);
  const chosen = id === undefined ? all : all.filter(({ started }) => started.id === id);
  if (chosen.length === 0) {
    throw badInput(
      id === undefined
        ? 'expected a blind comparison to export, found none; the studio starts one'
        : `expected the id of a comparison, ${quote(id)} is none`,
    );
  }
  const raters = readRaters(project);
  return chosen.flatMap(({ started, answers }) => {
    const queries = new Map(started.queries.map((query) => [query.id, query]));
    return answers.map(
      ({ id: answer, time, query: asked, rater, treatedIsLeft, alignment, fidelity, seconds }): Row => {
        const { prompt, category, seen, pair, treated, baseline } = queries.get(asked)!;
        return {
          comparison: started.id,
          query: asked,
          prompt,
          category,
          seen,
          model: started.models[pair[0]]!.model,
          comparedWith: started.models[pair[1]]!.model,
          rater,
          setAside: raters.get(rater)?.isSetAside ?? false,
          modelIsLeft: treatedIsLeft,
          alignment: outcomeOf(alignment, treatedIsLeft),
          fidelity: outcomeOf(fidelity, treatedIsLeft),
          seconds,
          time,
          images: treated.map(imageName),
          otherImages: baseline.map(imageName),
          id: answer,
        };
      },
    );
  });
}
