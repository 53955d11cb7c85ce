/** The modules that a LoRA can change, and their names in files. Reads no file. */
import type { Shape } from '@heed/autodiff';
import { COMPONENT_KINDS } from '../checkpoint/component-kinds.ts';
import { originalUnetName } from '../checkpoint/single-file/original-names.ts';
import type { ClipTextConfig } from '../configs/clip-config.ts';
import type { UnetConfig } from '../configs/unet-config.ts';

/** The networks that a LoRA of Stable Diffusion can change. */
export const LORA_PARTS = ['unet', 'textEncoder'] as const;
export type LoraPart = (typeof LORA_PARTS)[number];

/** Prefix of the module names in kohya's and diffusers' LoRA files. */
const KOHYA_PREFIXES: Readonly<Record<LoraPart, string>> = { unet: 'lora_unet_', textEncoder: 'lora_te_' };
export const DIFFUSERS_PREFIXES: Readonly<Record<LoraPart, string>> = { unet: 'unet.', textEncoder: 'text_encoder.' };

/** A module that a LoRA can change. */
export interface ModuleName {
  readonly part: LoraPart;
  /** Path in diffusers' naming. */
  readonly path: string;
  /** Shape of the module's weight: [out, in] or [out, in, k, k]. */
  readonly shape: Shape;
}

export interface LoraConfigs {
  readonly unet: UnetConfig;
  readonly textEncoder: ClipTextConfig;
}

/** Every linear and convolution layer of both networks. */
function allModules({ unet, textEncoder }: LoraConfigs): ModuleName[] {
  const specs = {
    unet: COMPONENT_KINDS.unet.parameters(unet),
    textEncoder: COMPONENT_KINDS.textEncoder.parameters(textEncoder),
  };
  return LORA_PARTS.flatMap((part) =>
    specs[part]
      .filter(
        ({ name, shape }) =>
          name.endsWith('.weight') && shape.length >= 2 && !/\.(token|position)_embedding\.weight$/.test(name),
      )
      .map(({ name, shape }) => ({ part, path: name.slice(0, -'.weight'.length), shape })),
  );
}

/** kohya's name of a module: the prefix, and the path with underscores instead of dots. */
export function kohyaName({ part, path }: Pick<ModuleName, 'part' | 'path'>): string {
  return KOHYA_PREFIXES[part] + path.replaceAll('.', '_');
}

/**
 * Maps every name of a module in LoRA files to the module: kohya's names in diffusers' and in the original layout, and
 * diffusers' names.
 */
export function modulesByName(configs: LoraConfigs): Map<string, ModuleName> {
  const original = originalUnetName(configs.unet);
  const names = new Map<string, ModuleName>();
  for (const module of allModules(configs)) {
    names.set(kohyaName(module), module);
    names.set(DIFFUSERS_PREFIXES[module.part] + module.path, module);
    if (module.part === 'textEncoder') {
      // transformers 5 has no `text_model.` around the encoder.
      names.set(DIFFUSERS_PREFIXES.textEncoder + module.path.replace(/^text_model\./, ''), module);
      continue;
    }
    names.set(module.path, module);
    const spelled = original(`${module.path}.weight`).slice(0, -'.weight'.length);
    names.set(KOHYA_PREFIXES.unet + spelled.replaceAll('.', '_'), module);
  }
  return names;
}
