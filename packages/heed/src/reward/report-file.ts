/** Reads a reward's report and checks it. Loads no networks. */
import { findCheckedJson } from '@heed/diffusion/checked-json';
import { z } from 'zod';
import { PERTURBATION_SOURCES } from '../prompts/perturb/index.ts';
import { intervalSchema } from '../statistics/interval.ts';
import { LEFT_OUT_REASONS } from './left-out.ts';
import type { RewardReport } from './report.ts';
import { TRUSTS } from './trust.ts';

const pairs = z.looseObject({ pairs: z.number(), prompts: z.number(), accuracy: intervalSchema.exactOptional() });
const byPart = z.looseObject({ seen: pairs, unseen: pairs });
const table = z.looseObject({ all: pairs, seen: pairs, unseen: pairs, byCategory: z.record(z.string(), byPart) });
const difference = z.looseObject({ seen: intervalSchema.exactOptional(), unseen: intervalSchema.exactOptional() });
const means = z.looseObject({
  aux: z.number().exactOptional(),
  plain: z.number().exactOptional(),
  half: z.number().exactOptional(),
  clip: z.number().exactOptional(),
  n: z.number(),
});

// Loose, so that fields of later versions pass through.
const rewardReportSchema: z.ZodType<RewardReport> = z.looseObject({
  images: z.looseObject({ training: z.number(), validation: z.number(), test: z.number() }),
  accuracy: z.looseObject({
    clip: table,
    aux: table.exactOptional(),
    plain: table.exactOptional(),
    half: table.exactOptional(),
  }),
  minusClip: z.looseObject({
    aux: difference.exactOptional(),
    plain: difference.exactOptional(),
    half: difference.exactOptional(),
  }),
  auxMinus: z.looseObject({ plain: difference.exactOptional(), half: difference.exactOptional() }),
  summary: z.looseObject({ seen: means, unseen: means }),
  gate: z.looseObject({ passed: z.boolean(), warning: z.string().exactOptional() }),
  trust: z
    .array(
      z.looseObject({
        category: z.string(),
        group: z.enum(['seen', 'unseen']),
        pairs: z.number(),
        prompts: z.number(),
        accuracy: intervalSchema.exactOptional(),
        trust: z.enum(TRUSTS),
      }),
    )
    .exactOptional(),
  learningCurve: z
    .looseObject({
      points: z.array(z.looseObject({ share: z.number(), images: z.number(), accuracy: intervalSchema })),
      allMinusHalf: intervalSchema.exactOptional(),
    })
    .exactOptional(),
  rounds: z
    .array(z.looseObject({ round: z.number(), training: z.number(), reward: pairs, clip: pairs }))
    .exactOptional(),
  perturbations: z.partialRecord(z.enum(PERTURBATION_SOURCES), z.number()).exactOptional(),
  leftOut: z
    .array(z.looseObject({ reason: z.enum(LEFT_OUT_REASONS), images: z.number(), names: z.array(z.string()) }))
    .exactOptional(),
});

/** Finds a reward's report; undefined when there is none. Throws an `InputError` with the path for a damaged file. */
export function findRewardReport(path: string): Promise<RewardReport | undefined> {
  return findCheckedJson(path, { what: 'what was measured of a reward', schema: rewardReportSchema });
}
