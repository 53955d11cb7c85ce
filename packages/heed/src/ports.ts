/** heed's ports: interfaces for everything that varies between projects. Only parts.ts chooses implementations. */
import type { RgbImage } from '@heed/diffusion';
import type { RandomGenerator } from '@heed/diffusion/autodiff';

/**
 * A prompt's facts: what it asks for, in the vocabulary of the project's world. heed stores facts without interpreting
 * them.
 */
export type Facts = Readonly<Record<string, string | number>>;

/** A recogniser's result for one image. Only the world that made the result reads its contents. */
export type Recognition = object;

/**
 * A world: code that knows what the pictures of a project can show, as for the emoji pictures of the built-in model. A
 * project with a user's own model has the world `none`. In the world `none` prompts are free text, people judge the
 * images, and every optional part below is absent.
 */
export interface World {
  readonly name: string;
  /** Folders of the models that come with the world: a diffusers pipeline and a transformers CLIPModel. */
  readonly models?: { readonly base: string; readonly clip: string } | undefined;
  readonly vocabulary?: Vocabulary | undefined;
  /**
   * Returns up to `count` texts with a different meaning than the prompt; none when the world does not know the prompt.
   */
  perturb(
    prompt: { readonly text: string; readonly facts?: Facts | undefined; readonly holdout: boolean },
    options: { count: number; random: RandomGenerator },
  ): string[];
  readonly judge?: WorldJudge | undefined;
  /** An endless stream of pre-training pairs (image and caption). Equal seeds give equal pairs. */
  openPretraining?(options: { seed: number }): Promise<PretrainingStream>;
  readonly reference?: ReferencePictures | undefined;
}

/** The vocabulary in which a world expresses a prompt's facts. */
export interface Vocabulary {
  /**
   * The columns of a prompts file that contain facts. A row with a value in any of these columns must have a value in
   * the first one.
   */
  readonly columns: readonly FactColumn[];
  /** Reads the facts from a text that exactly matches one of the world's sentences; undefined for other texts. */
  read(text: string): Facts | undefined;
  /** The category of a prompt that asks for these facts. */
  categoryOf(facts: Facts): string;
  /** Returns the sentence that asks for these facts. */
  describe(facts: Facts): string;
}

/** A column of a prompts file. */
export interface FactColumn {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly values: readonly (string | number)[];
  /** Other spellings of values, lower case. */
  readonly spellings: Readonly<Record<string, string | number>>;
}

/**
 * A program that judges images of prompts with known facts. Results of such a program are always marked as simulated.
 */
export interface WorldJudge {
  /** Whether the recogniser can check these facts. */
  canJudge(facts: Facts | undefined): boolean;
  openRecogniser(options: { threads?: number | undefined }): Promise<Recogniser>;
  alignmentOf(recognition: Recognition, facts: Facts): Alignment;
  /** Probability that the image shows all the facts. */
  chanceAllShown(recognition: Recognition, facts: Facts): number;
  /** Whether objects appear more often than the prompt asks for; undefined for prompts that ask for a number. */
  isDoubled(recognition: Recognition, facts: Facts): boolean | undefined;
  /** Makes simulated raters, named 'simulated-1' and so on. Equal seeds give equal raters. */
  simulatedRaters(options: { seed: number; count: number }): SimulatedRater[];
}

/** A network that recognises the content of the world's pictures. */
export interface Recogniser {
  /** Width and height of the network's input images in pixels. */
  readonly imageSize: number;
  /** Returns one recognition for each image, in the order of the images. */
  recognise(images: readonly RgbImage[]): Promise<Recognition[]>;
  dispose(): void;
}

/** The alignment of an image with its prompt. */
export interface Alignment {
  /** Whether the image shows every fact. */
  readonly correct: boolean;
  /** Whether the image shows each fact of the prompt. */
  readonly perAttribute: Readonly<Record<string, boolean>>;
}

/** Which of two images shown side by side is better; 'tie' means that neither is better. */
export type Preference = 'left' | 'right' | 'tie';

/** A simulated rater, which always gives the same answer to the same question. */
export interface SimulatedRater {
  readonly id: string;
  judge(recognition: Recognition, facts: Facts): 'good' | 'bad' | 'skip';
  compare(left: readonly Recognition[], right: readonly Recognition[], facts: Facts): ComparisonVerdict;
}

/** The answers about two sets of images: which fits the prompt better, and which has better pictures. */
export interface ComparisonVerdict {
  readonly alignment: Preference;
  readonly fidelity: Preference;
}

/** Pictures with captions; the pair at an index depends on the seed and the index alone. */
export interface PretrainingStream {
  at(index: number): { readonly image: RgbImage; readonly caption: string };
}

/** Real pictures of the world, with which generated pictures are compared. */
export interface ReferencePictures {
  /** A correct caption of the picture that `random` determines. */
  caption(random: RandomGenerator): string;
  /** Returns a function that draws the picture that `random` determines. */
  openPictures(): Promise<(random: RandomGenerator) => RgbImage>;
}

/** The paper's prompts (section 3.1, appendix B and table 4); any project may use them. */
export interface PaperPrompts {
  /** The 2,774 training prompts. */
  training(): PaperPrompt[];
  /** The 120 evaluation prompts; prompts with unseen objects are held out. */
  evaluation(): PaperPrompt[];
}

/** A prompt of the paper. The paper's prompt lists decide whether the prompt is held out. */
export type PaperPrompt = ListedPrompt & { readonly holdout: boolean };

/** A prompt with the data that a prompts list contains. */
export interface ListedPrompt {
  readonly text: string;
  readonly category: string;
  /**
   * Whether the list marks the prompt as held out for evaluation (true) or as training data (false); undefined without
   * a mark.
   */
  readonly holdout?: boolean | undefined;
  readonly facts?: Facts | undefined;
}
