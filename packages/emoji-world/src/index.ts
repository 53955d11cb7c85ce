// What the emoji world offers: its words and sentences, its scenes, their captions, the recogniser and simulated raters
// that judge them, and where its trained models lie.
export type { ArtStyle } from './art/styles.ts';
export { ART_STYLES, HELD_OUT_STYLES, TRAINING_STYLES } from './art/styles.ts';
export { cleanCaption } from './captions/clean.ts';
export type { WebCaptionNoise } from './captions/web.ts';
export { WEB_CAPTION_NOISE, webCaption } from './captions/web.ts';
export { COUNT_WORDS, describe, noun, sentence, withArticle } from './grammar.ts';
export { CLIP_FOLDER, RECOGNISER_FOLDER, TINY_MODEL_FOLDER } from './paths.ts';
export type { ComparisonVerdict, Preference } from './raters/comparison.ts';
export { alignmentScore, compareSets, fidelityScore } from './raters/comparison.ts';
export type { RaterTemper, SimulatedRater, Verdict } from './raters/simulated-rater.ts';
export { chanceAllShown, createSimulatedRaters } from './raters/simulated-rater.ts';
export type { Alignment } from './recogniser/alignment.ts';
export { alignmentOf } from './recogniser/alignment.ts';
export type { RecognisedBackground, RecognisedColour } from './recogniser/labels.ts';
export type { Recogniser, Recognition } from './recogniser/recogniser.ts';
export { loadRecogniser } from './recogniser/recogniser.ts';
export type { Renderer } from './scene/renderer.ts';
export { createRenderer, SCENE_SIZE } from './scene/renderer.ts';
export type { SceneDistribution } from './scene/sample-scene.ts';
export { SCENE_DISTRIBUTION, sampleScene } from './scene/sample-scene.ts';
export type { Scene } from './scene/scene.ts';
export type { PretrainingExample, PretrainingStream } from './stream.ts';
export { createPretrainingStream } from './stream.ts';
export type { Attributes, BackgroundName, ColourName, Count, ObjectName } from './vocabulary.ts';
export { BACKGROUNDS, backgroundWord, COLOURS, COUNTS, OBJECTS, objectWord } from './vocabulary.ts';
