/** Embeds texts and pictures in CLIP's common space. */
import type { ClipConfig } from '../configs/clip-config.ts';
import type { ImageProcessorConfig } from '../configs/image-processor-config.ts';
import { clipPixels } from '../images/clip-pixels.ts';
import type { RgbImage } from '../images/rgb-image.ts';
import { clipImageEmbeds, clipTextEmbeds } from '../models/clip.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { paddedBatches } from './batches.ts';
import type { ModelComponent } from './components.ts';
import { createModelRunner, type ModelRunner, type RuntimeOptions } from './model-runner.ts';

export interface ClipComponents {
  clip: ModelComponent<ClipConfig>;
  tokenizer: Tokenizer;
  imageProcessor: ImageProcessorConfig;
}

interface EmbedOptions {
  batchSize?: number;
  signal?: AbortSignal;
}

const DEFAULT_BATCH = 16;

/** Owns the compiled graphs, not the weights. Calls may overlap; overlapping calls run one after another. */
export class ClipEmbedder {
  readonly config: ClipConfig;
  /** Dimension of an embedding. */
  readonly projectionDim: number;
  /** The trained factor on cosine similarities. */
  readonly logitScale: number;
  readonly #components: ClipComponents;
  readonly #runner: ModelRunner;

  constructor(components: ClipComponents, runtime: RuntimeOptions = {}) {
    const { config, parameters } = components.clip;
    this.config = config;
    this.projectionDim = config.projection_dim;
    this.logitScale = Math.exp(parameters.get('logit_scale')?.data[0] ?? config.logit_scale_init_value);
    this.#components = components;
    this.#runner = createModelRunner({ name: 'CLIP', parameters, ...runtime });
  }

  /**
   * Number of tokens of a text, including begin and end. `embedTexts` reads the first `maxTokens` tokens and ignores
   * the rest.
   */
  countTokens(text: string): number {
    return this.#components.tokenizer.countTokens(text);
  }

  get maxTokens(): number {
    return Math.min(this.#components.tokenizer.maxLength, this.config.text_config.max_position_embeddings);
  }

  /** Returns the texts' projected embeddings [N, projectionDim], not normalised. */
  async embedTexts(texts: readonly string[], { batchSize, signal }: EmbedOptions = {}): Promise<Float32Array> {
    const { tokenizer } = this.#components;
    const batch = batchSize ?? Math.min(texts.length, DEFAULT_BATCH);
    const length = this.maxTokens;
    const inputs = {
      inputIds: { shape: [batch, length], dtype: 'int64' },
      eosIndex: { shape: [batch], dtype: 'int64' },
    } as const;
    return this.#embed(texts, batch, async (items) => {
      const network = await this.#runner.compiled('texts', inputs, (p, x) => ({
        embeds: clipTextEmbeds(p, this.config, x),
      }));
      const { inputIds, eosIndex } = tokenizer.encode(items, { maxLength: length });
      return (await network.run({ inputIds, eosIndex }, signal === undefined ? {} : { signal })).embeds;
    });
  }

  /**
   * Returns the pictures' projected embeddings [N, projectionDim], not normalised; pictures of any size are resized and
   * cropped as transformers does.
   */
  async embedImages(images: readonly RgbImage[], { batchSize, signal }: EmbedOptions = {}): Promise<Float32Array> {
    const { num_channels: channels, image_size: side } = this.config.vision_config;
    const batch = batchSize ?? Math.min(images.length, DEFAULT_BATCH);
    const inputs = { pixelValues: { shape: [batch, channels, side, side] } };
    return this.#embed(images, batch, async (items) => {
      const network = await this.#runner.compiled('images', inputs, (p, x) => ({
        embeds: clipImageEmbeds(p, this.config, x),
      }));
      const pixelValues = clipPixels(items, this.#components.imageProcessor);
      return (await network.run({ pixelValues }, signal === undefined ? {} : { signal })).embeds;
    });
  }

  async #embed<T>(
    items: readonly T[],
    batch: number,
    run: (items: T[]) => Promise<Float32Array>,
  ): Promise<Float32Array> {
    const size = this.projectionDim;
    const embeds = new Float32Array(items.length * size);
    for (const { start, count, items: filled } of paddedBatches(items, batch)) {
      embeds.set((await run(filled)).subarray(0, count * size), start * size);
    }
    return embeds;
  }

  /** Releases the graphs; any call afterwards throws. */
  dispose(): Promise<void> {
    return this.#runner.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}
