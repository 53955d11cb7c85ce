/** The config of a CLIP folder's image processor, which converts a picture to the vision tower's input. */
import { z } from 'zod';
import { parseConfig } from './parse-config.ts';

const side = z.int().positive();
const sides = z.object({ height: side, width: side });

export const imageProcessorConfigSchema = z.looseObject({
  do_resize: z.boolean().default(true),
  /** If `size` is a number, it is the shortest edge, as in transformers. */
  size: z.union([side.transform((edge) => ({ shortest_edge: edge })), z.object({ shortest_edge: side }), sides]),
  /** 3 is Pillow's bicubic. */
  resample: z.literal(3).default(3),
  do_center_crop: z.boolean().default(true),
  crop_size: z.union([side.transform((edge) => ({ height: edge, width: edge })), sides]),
  do_rescale: z.boolean().default(true),
  rescale_factor: z
    .number()
    .positive()
    .default(1 / 255),
  do_normalize: z.boolean().default(true),
  image_mean: z.tuple([z.number(), z.number(), z.number()]).default([0.48145466, 0.4578275, 0.40821073]),
  image_std: z.tuple([z.number(), z.number(), z.number()]).default([0.26862954, 0.26130258, 0.27577711]),
});

export type ImageProcessorConfig = z.output<typeof imageProcessorConfigSchema>;

/** Reads the config of a CLIPImageProcessor; missing sizes default to `imageSize`, the vision tower's own. */
export function parseImageProcessorConfig(
  json: unknown,
  { imageSize = 224, source = 'preprocessor_config.json' }: { imageSize?: number; source?: string } = {},
): ImageProcessorConfig {
  // transformers writes null for what a processor leaves to its defaults.
  const given = Object.fromEntries(
    Object.entries(typeof json === 'object' && json !== null ? json : {}).filter(([, value]) => value !== null),
  );
  return parseConfig(imageProcessorConfigSchema, { size: imageSize, crop_size: imageSize, ...given }, source);
}
