/** Routes with which owners start, change, end, repeat and read blind comparisons. Raters have no access. */
import { Hono } from 'hono';
import { z } from 'zod';
import { isBadInput } from '../../errors.ts';
import { QUESTIONS } from '../../evaluate/evaluation.ts';
import { verdictSentence } from '../../evaluate/verdict-sentence.ts';
import { exportComparisons } from '../../export/comparisons.ts';
import { readRaters } from '../../feedback/index.ts';
import { plainName } from '../../text/plain-name.ts';
import { problem, type StudioEnv } from '../auth/guard.ts';
import { comparingRaters } from '../comparing/comparing-raters.ts';
import { comparisonResults } from '../comparing/comparison-results.ts';
import type { OpenComparison } from '../comparing/comparison-state.ts';
import { comparableModels } from '../comparing/pair-images.ts';
import type { PairResults } from '../comparing/pair-results.ts';
import { DOWNLOADS } from '../data/downloads.ts';
import type { Studio } from '../studio.ts';
import { check } from './check-body.ts';
import { sendDownload } from './send-download.ts';

const MAX_RATERS = 1000;
const MAX_MODELS = 10;

const ratersNumber = z.int().min(1).max(MAX_RATERS);
const startBody = z.strictObject({
  models: z.array(z.string().min(1).max(200)).min(2).max(MAX_MODELS),
  raters: ratersNumber.optional(),
});
const comparisonParam = z.strictObject({ id: z.string().max(100) });
const exportParam = z.strictObject({ id: z.string().max(100), format: z.enum(['csv', 'jsonl']) });

export function comparisonRoutes(studio: Studio) {
  const { comparisons, project } = studio;
  const find = (id: string) => comparisons.all().find(({ started }) => started.id === id);
  const start = async (models: readonly string[], raters: number | undefined) => {
    await studio.refresh();
    return comparisons.start({ models, raters, images: studio.images.current() });
  };
  return new Hono<StudioEnv>()
    .get('/', async (c) => {
      await studio.refresh();
      return c.json({
        models: comparableModels(studio.images.current()),
        raters: project.config.studio.comparisonRaters,
        comparisons: comparisons
          .all()
          .reverse()
          .map((comparison) => shownComparison(studio, comparison)),
      });
    })
    .post('/', check('json', startBody), async (c) => {
      const { models, raters } = c.req.valid('json');
      try {
        return c.json({ id: await start(models, raters) });
      } catch (error) {
        if (isBadInput(error)) return problem(c, 409, error.message);
        throw error;
      }
    })
    .get('/:id/prompts', check('param', comparisonParam), (c) => {
      const comparison = find(c.req.valid('param').id);
      if (!comparison) return problem(c, 404, NO_COMPARISON);
      return c.json({ pairs: shownPrompts(studio, comparison) });
    })
    .get('/:id/answers/:format', check('param', exportParam), (c) => {
      const { id, format } = c.req.valid('param');
      const { type } = DOWNLOADS[`comparisons.${format}`];
      return sendDownload(c, {
        project,
        name: `comparison.${format}`,
        download: { type, write: (_, path) => exportComparisons(project, path, { format, comparison: id }) },
      });
    })
    .post(
      '/:id/raters',
      check('param', comparisonParam),
      check('json', z.strictObject({ raters: ratersNumber })),
      async (c) => {
        const { raters } = c.req.valid('json');
        if (await comparisons.setRaters(c.req.valid('param').id, raters)) return c.json({ raters });
        return problem(c, 404, NO_COMPARISON);
      },
    )
    .post('/:id/repeat', check('param', comparisonParam), async (c) => {
      const comparison = find(c.req.valid('param').id);
      if (!comparison) return problem(c, 404, NO_COMPARISON);
      try {
        const models = comparison.started.models.map(({ model }) => model);
        return c.json({ id: await start(models, comparison.raters) });
      } catch (error) {
        if (isBadInput(error)) return problem(c, 409, error.message);
        throw error;
      }
    })
    .post('/:id/end', check('param', comparisonParam), async (c) => {
      if (await comparisons.end(c.req.valid('param').id)) return c.json({ hasEnded: true });
      return problem(c, 404, NO_COMPARISON);
    });
}

const NO_COMPARISON = 'there is no such comparison';

function resultsOf({ project }: Studio, comparison: OpenComparison) {
  const records = readRaters(project);
  const { resamples } = project.config.evaluate;
  const isSetAside = (rater: string) => records.get(rater)?.isSetAside ?? false;
  return { records, results: comparisonResults(comparison, { isSetAside, resamples }) };
}

function shownComparison(studio: Studio, comparison: OpenComparison) {
  const { started, raters } = comparison;
  const { records, results } = resultsOf(studio, comparison);
  const names = started.models.map(({ model }) => model);
  return {
    id: started.id,
    startedAt: started.time,
    models: names,
    /** Number of people who answer each query. */
    ratersPerQuery: raters,
    ...results,
    pairs: results.pairs.map(({ prompts: _, pair, ...figures }) => {
      const [treated, baseline] = pair.map((place) => names[place]!) as [string, string];
      return { treated, baseline, ...figures, sentences: sentencesOf(figures.questions, { treated, baseline }) };
    }),
    strengths: QUESTIONS.flatMap((question) => {
      const found = results.strengths?.[question];
      return found ? [{ question, models: found.map((each) => ({ ...each, name: names[each.model]! })) }] : [];
    }),
    raters: comparingRaters(comparison, studio.project.config.studio).map((rater) => ({
      ...rater,
      name: plainName(records.get(rater.id)?.name ?? rater.id),
      isSetAside: records.get(rater.id)?.isSetAside ?? false,
    })),
  };
}

/** The headline of a result: one sentence for each question that has answers. */
function sentencesOf(questions: PairResults['questions'], names: { treated: string; baseline: string }): string[] {
  return QUESTIONS.flatMap((question) => {
    const { verdict } = questions[question];
    return verdict ? [verdictSentence(verdict, { question, ...names })] : [];
  });
}

/** Lists every answered prompt with its pictures. */
function shownPrompts(studio: Studio, comparison: OpenComparison) {
  const store = studio.images.current();
  const pictures = (ids: readonly string[]) =>
    ids.flatMap((id) => {
      if (!store.has(id)) return [];
      const { width, height } = store.get(id);
      return [{ name: studio.images.nameOf(id), width, height }];
    });
  return resultsOf(studio, comparison).results.pairs.map(({ prompts }) =>
    prompts.flatMap(({ query, votes, outcomes }) => {
      if (!outcomes) return [];
      const { id, prompt, category, seen, treated, baseline } = query;
      return [
        { id, prompt, category, seen, votes, outcomes, treated: pictures(treated), baseline: pictures(baseline) },
      ];
    }),
  );
}
