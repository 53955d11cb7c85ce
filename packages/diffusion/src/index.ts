/** The public API of @heed/diffusion. */

export { checkClipFolder, loadClipFolder, saveClipFolder } from './checkpoint/clip-folder.ts';
export { type LoadComponentOptions, loadComponent, saveComponent } from './checkpoint/component.ts';
export { COMPONENT_KINDS, type ComponentConfigs, type ComponentName } from './checkpoint/component-kinds.ts';
export { loadInceptionFile } from './checkpoint/inception-file.ts';
export { isFile } from './checkpoint/is-file.ts';
export { checkModel, loadModel, modelSize } from './checkpoint/model.ts';
export { type ModelConfigs, readModelConfigs } from './checkpoint/model-configs.ts';
export {
  type LoadModelOptions,
  loadModelFolder,
  type SaveModelOptions,
  saveModelFolder,
} from './checkpoint/model-folder.ts';
export { clipTokenizer } from './checkpoint/single-file/clip-vocabulary.ts';
export { type SaveCheckpointFileOptions, saveCheckpointFile } from './checkpoint/single-file/save-checkpoint-file.ts';
export {
  hasEmaWeights,
  type LoadCheckpointFileOptions,
  loadCheckpointFile,
} from './checkpoint/single-file/single-file.ts';
export { componentWeights } from './checkpoint/weights-file.ts';
export {
  type ClipConfig,
  type ClipTextConfig,
  type ClipVisionConfig,
  parseClipConfig,
  parseClipTextConfig,
  parseClipVisionConfig,
} from './configs/clip-config.ts';
export { type ImageProcessorConfig, parseImageProcessorConfig } from './configs/image-processor-config.ts';
export { parseSchedulerConfig, type SchedulerConfig } from './configs/scheduler-config.ts';
export { parseUnetConfig, type UnetConfig } from './configs/unet-config.ts';
export { parseVaeConfig, type VaeConfig, vaeScale } from './configs/vae-config.ts';
export { InputError } from './errors.ts';
export { clearUnfinishedFolders } from './files/atomic-folder.ts';
export { type HubEnvironment, hubEnvironment } from './hub/environment.ts';
export { type FetchModelOptions, fetchHubModel, findHubModel, NotCachedError } from './hub/fetch-model.ts';
export { HubError } from './hub/hub-api.ts';
export { type HubId, parseHubId } from './hub/hub-id.ts';
export { clipPixels } from './images/clip-pixels.ts';
export { imagesToPlanes, planesToImages } from './images/planes.ts';
export { resizeBicubic } from './images/resize.ts';
export { checkRgbImage, type RgbImage } from './images/rgb-image.ts';
export {
  initializeLora,
  type LoraModule,
  type LoraModules,
  loraModules,
  loraParameters,
  mergeLora,
} from './lora/lora.ts';
export { type Lora, type LoraSpelling, loadLora, type SaveLoraOptions, saveLora } from './lora/lora-file.ts';
export type { TrainingFacts } from './lora/lora-metadata.ts';
export { isLoraParameter, type LoraLayers, type LoraOptions, withLora } from './lora/low-rank-scope.ts';
export { type ClipOutputs, clip, clipImageEmbeds, clipLogitScale, clipTextEmbeds } from './models/clip.ts';
export { type ClipTextInputs, type ClipTextOutputs, clipText } from './models/clip-text.ts';
export { type ClipVisionOutputs, clipVision } from './models/clip-vision.ts';
export { INCEPTION_FEATURES } from './models/inception/inception.ts';
export { type ResnetOptions, resnetBlock } from './models/resnet-block.ts';
export { spatialTransformer, type TransformerOptions } from './models/unet/transformer.ts';
export { type UnetInputs, type UnetOptions, unet } from './models/unet/unet.ts';
export { type LatentDistribution, vaeDecode, vaeEncode } from './models/vae.ts';
export { type NpzArray, readNpz } from './npz/read-npz.ts';
export { writeNpz } from './npz/write-npz.ts';
export { type ClipComponents, ClipEmbedder } from './pipeline/clip-embedder.ts';
export {
  type ModelComponent,
  nativeSize,
  type StableDiffusionComponents,
  sideMultiple,
} from './pipeline/components.ts';
export type { Contrast } from './pipeline/contrast.ts';
export { defaultBatchSize, type GenerateOptions, type GenerateProgress } from './pipeline/generate-options.ts';
export { INCEPTION_PIXELS, InceptionEmbedder, writeInceptionPixels } from './pipeline/inception-embedder.ts';
export { type LoadPipelineOptions, loadClip, loadPipeline } from './pipeline/load.ts';
export type { RuntimeOptions } from './pipeline/model-runner.ts';
export type { PredictionCheck } from './pipeline/prediction-check.ts';
export { type Cut, defaultCuts, prunedCalls } from './pipeline/pruning.ts';
export { type PipelineOptions, StableDiffusionPipeline } from './pipeline/stable-diffusion.ts';
export type { ElementType, FloatType } from './safetensors/element-type.ts';
export type { SafetensorsEntry, SafetensorsHeader } from './safetensors/header.ts';
export {
  readSafetensors,
  readSafetensorsHeader,
  type SafetensorsFile,
  type SafetensorsTensor,
} from './safetensors/read-safetensors.ts';
export { writeSafetensors } from './safetensors/write-safetensors.ts';
export type { Sampler, SamplerOptions } from './samplers/sampler.ts';
export { isSamplerName, type SamplerName, samplers } from './samplers/samplers.ts';
export {
  addNoise,
  type ForwardProcessBatch,
  signalToNoiseRatio,
  trainingTarget,
  velocityTarget,
} from './schedule/forward-process.ts';
export { createSchedule, type NoiseSchedule, type PredictionType } from './schedule/noise-schedule.ts';
export type { TimestepSpacing } from './schedule/timestep-spacing.ts';
export { openTensorFile } from './tensor-file/open-tensor-file.ts';
export { loadTensors, type ReadTensorsOptions, readTensors } from './tensor-file/read-tensors.ts';
export type { StoredTensor, TensorFile } from './tensor-file/tensor-file.ts';
export { createTokenizer, type EncodedTexts, loadTokenizer, type Tokenizer } from './tokenizer/tokenizer.ts';
export {
  readTokenizerFiles,
  type SpecialTokens,
  type TokenizerFiles,
  writeTokenizer,
} from './tokenizer/tokenizer-files.ts';
export { trainBytePairTokenizer } from './tokenizer/train-byte-pair-tokenizer.ts';
export { type VaeLoss, type VaeLossOptions, vaeLoss } from './training/autoencoding.ts';
export { clipContrastiveLoss } from './training/contrastive.ts';
export {
  type DenoisingBatch,
  denoisingLossPerSample,
  predictionErrorPerSample,
  prepareDenoisingBatch,
} from './training/denoising.ts';
export { minSnrWeight } from './training/min-snr.ts';
