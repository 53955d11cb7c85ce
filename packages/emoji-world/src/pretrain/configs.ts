// The sizes of the tiny Stable Diffusion and its CLIP, in diffusers' and transformers' own spelling: what export
// writes as config.json is what training read. Learning rates and step counts are in the stages.

/** Longest prompt in tokens, start and end included. */
export const MAX_TOKENS = 24;
/** Side of the images in pixels. */
export const IMAGE_SIZE = 64;
/** Side of the latents. */
export const LATENT_SIZE = 16;
export const LATENT_CHANNELS = 4;
export const EMBEDDING_SIZE = 128;

export function textConfig({
  vocabSize,
  bosId,
  eosId,
  padId,
}: {
  vocabSize: number;
  bosId: number;
  eosId: number;
  padId: number;
}) {
  return {
    architectures: ['CLIPTextModel'],
    model_type: 'clip_text_model',
    attention_dropout: 0,
    bos_token_id: bosId,
    eos_token_id: eosId,
    pad_token_id: padId,
    hidden_act: 'quick_gelu',
    hidden_size: EMBEDDING_SIZE,
    initializer_range: 0.02,
    intermediate_size: 512,
    layer_norm_eps: 1e-5,
    max_position_embeddings: MAX_TOKENS,
    num_attention_heads: 4,
    num_hidden_layers: 4,
    projection_dim: EMBEDDING_SIZE,
    vocab_size: vocabSize,
  };
}

const VISION_CONFIG = {
  model_type: 'clip_vision_model',
  attention_dropout: 0,
  hidden_act: 'quick_gelu',
  hidden_size: EMBEDDING_SIZE,
  image_size: IMAGE_SIZE,
  initializer_range: 0.02,
  intermediate_size: 512,
  layer_norm_eps: 1e-5,
  num_attention_heads: 4,
  num_channels: 3,
  num_hidden_layers: 4,
  patch_size: 8,
  projection_dim: EMBEDDING_SIZE,
};

export function clipConfig(text: ReturnType<typeof textConfig>) {
  return {
    architectures: ['CLIPModel'],
    model_type: 'clip',
    logit_scale_init_value: 2.6592,
    projection_dim: EMBEDDING_SIZE,
    text_config: text,
    vision_config: VISION_CONFIG,
  };
}

/** How images become the vision tower's input; written as preprocessor_config.json. */
export const PREPROCESSOR_CONFIG = {
  image_processor_type: 'CLIPImageProcessor',
  crop_size: { height: IMAGE_SIZE, width: IMAGE_SIZE },
  do_center_crop: true,
  do_convert_rgb: true,
  do_normalize: true,
  do_rescale: true,
  do_resize: true,
  image_mean: [0.5, 0.5, 0.5],
  image_std: [0.5, 0.5, 0.5],
  resample: 3,
  rescale_factor: 1 / 255,
  size: { shortest_edge: IMAGE_SIZE },
};

export function vaeConfig({ scalingFactor }: { scalingFactor: number }) {
  return {
    _class_name: 'AutoencoderKL',
    _diffusers_version: '0.32.0',
    act_fn: 'silu',
    block_out_channels: [16, 32, 64],
    down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D', 'DownEncoderBlock2D'],
    up_block_types: ['UpDecoderBlock2D', 'UpDecoderBlock2D', 'UpDecoderBlock2D'],
    in_channels: 3,
    out_channels: 3,
    latent_channels: LATENT_CHANNELS,
    layers_per_block: 1,
    mid_block_add_attention: false,
    norm_num_groups: 8,
    sample_size: IMAGE_SIZE,
    scaling_factor: scalingFactor,
    force_upcast: false,
  };
}

export const UNET_CONFIG = {
  _class_name: 'UNet2DConditionModel',
  _diffusers_version: '0.32.0',
  act_fn: 'silu',
  attention_head_dim: 4,
  block_out_channels: [48, 96, 160],
  center_input_sample: false,
  cross_attention_dim: EMBEDDING_SIZE,
  down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D'],
  downsample_padding: 1,
  flip_sin_to_cos: true,
  freq_shift: 0,
  in_channels: LATENT_CHANNELS,
  layers_per_block: 1,
  mid_block_scale_factor: 1,
  norm_eps: 1e-5,
  norm_num_groups: 16,
  out_channels: LATENT_CHANNELS,
  sample_size: LATENT_SIZE,
  up_block_types: ['CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'UpBlock2D'],
};

export const SCHEDULER_CONFIG = {
  _class_name: 'DPMSolverMultistepScheduler',
  _diffusers_version: '0.32.0',
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  num_train_timesteps: 1000,
  prediction_type: 'epsilon',
  steps_offset: 1,
  clip_sample: false,
  set_alpha_to_one: false,
  timestep_spacing: 'leading',
};
