/**
 * Reads a single file's noise schedule: whether the network predicts noise or velocity, and whether the last timestep
 * is pure noise. Public programs mark a file's schedule in these ways:
 * - the empty tensors `v_pred` and `ztsnr` (ComfyUI `nodes_model_merging.py`, sd-webui's `sd_models_xl.py`),
 * - `modelspec.prediction_type` (kohya's sd-scripts, Stability's model specification),
 * - `modelspec.predict_key` (ComfyUI),
 * - `parameterization: "v"` in a `.yaml` file of the same name beside it (the original code, A1111).
 *
 * heed also writes the whole schedule into the metadata as `heed.scheduler`, which only heed reads.
 */
import { extname } from 'node:path';
import { parseSchedulerConfig, type SchedulerConfig } from '../../configs/scheduler-config.ts';
import { InputError } from '../../errors.ts';
import type { TensorFile } from '../../tensor-file/tensor-file.ts';
import { MAX_CONFIG_BYTES, readTextFile } from '../json-file.ts';
import { formatPythonJson, PythonJsonError, parsePythonJson } from '../python-json.ts';

type PredictionType = SchedulerConfig['prediction_type'];

/** `scheduler_config.json` of Stable Diffusion 1.x. */
export const SCHEDULER_1X: SchedulerConfig = parseSchedulerConfig({
  _class_name: 'PNDMScheduler',
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  num_train_timesteps: 1000,
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
});

/**
 * Schedule for zero terminal signal-to-noise ratio, which PNDM does not support. The timestep spacing follows Lin et
 * al. 2024 (section 3.3).
 */
const SCHEDULER_ZERO_SNR: SchedulerConfig = parseSchedulerConfig({
  ...SCHEDULER_1X,
  _class_name: 'DDIMScheduler',
  clip_sample: false,
  rescale_betas_zero_snr: true,
  timestep_spacing: 'trailing',
});

const OWN = 'heed.scheduler';
const V_PREDICTION_TENSOR = /(^|\.)v_pred$/;
const ZERO_SNR_TENSOR = /(^|\.)ztsnr$/;
const PREDICTION_KEYS = ['modelspec.predict_key', 'modelspec.prediction_type'] as const;
const PREDICTION_NAMES: Readonly<Record<string, PredictionType>> = {
  v: 'v_prediction',
  v_prediction: 'v_prediction',
  'v-prediction': 'v_prediction',
  epsilon: 'epsilon',
  eps: 'epsilon',
};

/** The parts of a tensor file that this module reads. */
interface MarkedFile extends Pick<TensorFile, 'path' | 'metadata'> {
  readonly tensors: ReadonlyMap<string, unknown>;
}

/** Returns the training schedule that the file's marks state; without marks, the schedule of Stable Diffusion 1.x. */
export async function readSchedule({ path, metadata, tensors }: MarkedFile): Promise<SchedulerConfig> {
  const all = [...tensors.keys()];
  const own = readOwn(metadata[OWN]);
  const tensor = all.some((name) => V_PREDICTION_TENSOR.test(name)) ? 'v_prediction' : undefined;
  const told = PREDICTION_KEYS.map((key) => PREDICTION_NAMES[metadata[key]?.toLowerCase() ?? '']).find(Boolean);
  const predictionType = (await readSidecar(path)) ?? tensor ?? told ?? own?.prediction_type ?? 'epsilon';
  // A program that changed the marks may not have updated heed's own entry.
  if (own?.prediction_type === predictionType) return own;
  const zeroSnr = predictionType === 'v_prediction' && all.some((name) => ZERO_SNR_TENSOR.test(name));
  return { ...(zeroSnr ? SCHEDULER_ZERO_SNR : SCHEDULER_1X), prediction_type: predictionType };
}

/** Returns the marks to write into a file with this schedule: metadata, and names of empty tensors. */
export function scheduleMarks(scheduler: SchedulerConfig): { metadata: Record<string, string>; tensors: string[] } {
  const isVelocity = scheduler.prediction_type === 'v_prediction';
  const key = isVelocity ? 'v' : 'epsilon';
  return {
    metadata: {
      'modelspec.prediction_type': key,
      'modelspec.predict_key': key,
      [OWN]: formatPythonJson(scheduler),
    },
    tensors: isVelocity ? ['v_pred', ...(scheduler.rescale_betas_zero_snr ? ['ztsnr'] : [])] : [],
  };
}

function readOwn(text: string | undefined): SchedulerConfig | undefined {
  if (text === undefined) return undefined;
  try {
    return parseSchedulerConfig(parsePythonJson(text), OWN);
  } catch (error) {
    if (error instanceof PythonJsonError || error instanceof InputError) return undefined;
    throw error;
  }
}

/** The prediction type from the `.yaml` file with the checkpoint's name; undefined when no such file states one. */
async function readSidecar(path: string): Promise<PredictionType | undefined> {
  const sidecar = `${path.slice(0, path.length - extname(path).length)}.yaml`;
  const text = await readTextFile(sidecar, { maxBytes: MAX_CONFIG_BYTES }).catch((error: unknown) => {
    if (error instanceof InputError) return '';
    throw error;
  });
  const name = /^[ \t]*parameterization[ \t]*:[ \t]*["']?([\w-]+)["']?[ \t]*(?:#.*)?$/m.exec(text)?.[1];
  return name === undefined ? undefined : PREDICTION_NAMES[name];
}
