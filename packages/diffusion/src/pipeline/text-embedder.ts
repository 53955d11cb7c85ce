/** Embeds prompts as the text states for the U-Net's cross-attention. */
import type { ClipTextConfig } from '../configs/clip-config.ts';
import { clipText } from '../models/clip-text.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { paddedBatches, rowOf, stackRows } from './batches.ts';
import type { ModelComponent } from './components.ts';
import { createModelRunner, type RuntimeOptions } from './model-runner.ts';

/** Batch size: eight texts use two cores well, and padding a single text wastes little. */
const BATCH = 8;

export interface TextEmbedder {
  /** Returns text states [N, length, size]; equal prompts are computed only once. */
  embed(prompts: readonly string[], options?: { signal?: AbortSignal | undefined }): Promise<Float32Array>;
  /** Number of tokens of a text. */
  readonly length: number;
  /** Dimension of a token's state. */
  readonly size: number;
  dispose(): Promise<void>;
}

/** Creates an embedder. The embedder keeps a reference to `textEncoder.parameters`, which must not change. */
export function createTextEmbedder(
  { textEncoder, tokenizer }: { textEncoder: ModelComponent<ClipTextConfig>; tokenizer: Tokenizer },
  options: RuntimeOptions,
): TextEmbedder {
  const { config, parameters } = textEncoder;
  const length = Math.min(tokenizer.maxLength, config.max_position_embeddings);
  const size = config.hidden_size;
  const runner = createModelRunner({ name: 'text encoder', parameters, ...options });

  async function embedUnique(texts: readonly string[], signal: AbortSignal | undefined): Promise<Float32Array[]> {
    const inputs = {
      inputIds: { shape: [BATCH, length], dtype: 'int64' },
      eosIndex: { shape: [BATCH], dtype: 'int64' },
    } as const;
    const encoder = await runner.compiled('states', inputs, (p, x) => {
      return { states: clipText(p, config, x).lastHiddenState };
    });
    const rows: Float32Array[] = [];
    for (const { count, items } of paddedBatches(texts, BATCH)) {
      const { inputIds, eosIndex } = tokenizer.encode(items, { maxLength: length });
      const { states } = await encoder.run({ inputIds, eosIndex }, signal === undefined ? {} : { signal });
      for (let row = 0; row < count; row++) rows.push(rowOf(states, row, length * size));
    }
    return rows;
  }

  return {
    length,
    size,
    async embed(prompts, { signal } = {}) {
      const unique = [...new Set(prompts)];
      const rows = await embedUnique(unique, signal);
      const byText = new Map(unique.map((text, index) => [text, rows[index]!]));
      return stackRows(prompts.map((prompt) => byText.get(prompt)!)); // [N, T, D]
    },
    dispose: () => runner.dispose(),
  };
}
