/**
 * CLIP's text tower (Radford et al. 2021) as a pure function of its parameters, which have the names of transformers'
 * CLIPTextModel.
 */

import { add, embedding, gatherRows, type ParameterScope, slice, type Tensor } from '@heed/autodiff';
import type { ClipTextConfig } from '../configs/clip-config.ts';
import { InputError } from '../errors.ts';
import { clipEncoder } from './clip-encoder.ts';
import { layerNormLayer } from './layers.ts';

export interface ClipTextInputs {
  /** int64 [B, T] */
  inputIds: Tensor;
  /** int64 [B]: index of each text's first end token. */
  eosIndex: Tensor;
}

export interface ClipTextOutputs {
  /** [B, T, hidden_size], after the final layer norm. Stable Diffusion's cross-attention uses these states. */
  lastHiddenState: Tensor;
  /** [B, hidden_size]: the state at the end token. */
  pooled: Tensor;
}

/** Encodes token ids; the parameters' names begin with `text_model`. */
export function clipText(
  p: ParameterScope,
  config: ClipTextConfig,
  { inputIds, eosIndex }: ClipTextInputs,
): ClipTextOutputs {
  const { hidden_size: size, max_position_embeddings: positions } = config;
  const length = inputIds.shape[1]!;
  if (length > positions) throw new InputError(`CLIP text: expected at most ${positions} tokens, got ${length}`);
  const model = p.at('text_model');
  const init = { kind: 'normal', std: 0.02 } as const;
  const tokenTable = model.get('embeddings.token_embedding.weight', [config.vocab_size, size], init);
  const positionTable = model.get('embeddings.position_embedding.weight', [positions, size], init);
  // [T, C]
  const position = length === positions ? positionTable : slice(positionTable, { axis: 0, start: 0, end: length });
  const embedded = add(embedding(tokenTable, inputIds), position); // [B, T, C]
  const encoded = clipEncoder(model.at('encoder'), config, embedded, { causal: true });
  const lastHiddenState = layerNormLayer(model.at('final_layer_norm'), encoded, { epsilon: config.layer_norm_eps });
  return { lastHiddenState, pooled: gatherRows(lastHiddenState, eosIndex) };
}
