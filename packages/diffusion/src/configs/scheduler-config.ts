/** The config of a noise schedule, in the keys that every diffusers scheduler of Stable Diffusion shares. */
import { z } from 'zod';
import { parseConfig } from './parse-config.ts';

/**
 * Schema of `scheduler/scheduler_config.json`. The caller chooses the sampler; the file's scheduler class does not
 * matter.
 */
export const schedulerConfigSchema = z.looseObject({
  _class_name: z.string().default('DDIMScheduler'),
  num_train_timesteps: z.int().positive().default(1000),
  beta_start: z.number().positive().max(1).default(0.0001),
  beta_end: z.number().positive().max(1).default(0.02),
  beta_schedule: z.enum(['linear', 'scaled_linear', 'squaredcos_cap_v2']).default('linear'),
  trained_betas: z.array(z.number()).nullish(),
  prediction_type: z.enum(['epsilon', 'v_prediction']).default('epsilon'),
  steps_offset: z.int().nonnegative().default(0),
  set_alpha_to_one: z.boolean().default(true),
  /** Whether the last timestep is made pure noise (Lin et al. 2024). */
  rescale_betas_zero_snr: z.boolean().default(false),
});

export type SchedulerConfig = z.output<typeof schedulerConfigSchema>;

/** Reads `scheduler/scheduler_config.json`. Error messages name `source` as the origin of the JSON. */
export function parseSchedulerConfig(json: unknown, source = 'scheduler/scheduler_config.json'): SchedulerConfig {
  return parseConfig(schedulerConfigSchema, json, source);
}
