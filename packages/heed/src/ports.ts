/**
 * The ports of heed: what varies between projects, as interfaces. Implementations are chosen in parts.ts alone. Nothing
 * here computes.
 */
import type { RgbImage } from '@heed/diffusion';
import type { RandomGenerator } from '@heed/diffusion/autodiff';

/**
 * What a prompt asks for, in the words of the project's world. heed stores facts and hands them back; it reads none.
 */
export type Facts = Readonly<Record<string, string | number>>;

/** What a world's recogniser saw in one image; only the world that made it looks inside. */
export type Recognition = object;

/**
 * Where the project's pictures come from, as far as a program knows it. A real project has the world `none`: its
 * prompts are free text, people judge its images, and all parts below but the name are absent.
 */
export interface World {
  readonly name: string;
  /** Folders of the models that come with the world: a diffusers pipeline and a transformers CLIPModel. */
  readonly models?: { readonly base: string; readonly clip: string } | undefined;
  readonly vocabulary?: Vocabulary | undefined;
  /** Up to `count` texts that mean something else than the prompt; empty where the world does not know the prompt. */
  perturb(
    prompt: { readonly text: string; readonly facts?: Facts | undefined; readonly holdout: boolean },
    options: { count: number; random: RandomGenerator },
  ): string[];
  readonly judge?: WorldJudge | undefined;
  /** An endless stream of pre-training pairs (image and caption). Equal seeds give equal pairs. */
  openPretraining?(options: { seed: number }): Promise<PretrainingStream>;
  readonly reference?: ReferencePictures | undefined;
}

/** The words in which a world says what a prompt asks for. */
export interface Vocabulary {
  /** Columns of a prompts file that hold facts. A row that fills another one fills the first, too. */
  readonly columns: readonly FactColumn[];
  /** What a text asks for that the world knows word for word; undefined for any other text. */
  read(text: string): Facts | undefined;
  /** The category of a prompt that asks for these facts. */
  categoryOf(facts: Facts): string;
  /** The sentence that asks for these facts. */
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

/** A program that judges images of prompts whose facts it knows: never a person, and never passed off as one. */
export interface WorldJudge {
  /** True where the recogniser can look for these facts. */
  canJudge(facts: Facts | undefined): boolean;
  openRecogniser(options: { threads?: number | undefined }): Promise<Recogniser>;
  alignmentOf(recognition: Recognition, facts: Facts): Alignment;
  /** Probability that all that was asked for is there. */
  chanceAllShown(recognition: Recognition, facts: Facts): number;
  /** True where objects are there more often than asked for; undefined for prompts that ask for a number. */
  isDoubled(recognition: Recognition, facts: Facts): boolean | undefined;
  /** Equal seeds give equal raters, named 'simulated-1' and so on. */
  simulatedRaters(options: { seed: number; count: number }): SimulatedRater[];
}

/** A network that says what pictures of the world show. */
export interface Recogniser {
  /** Width and height of the images that it takes, in pixels. */
  readonly imageSize: number;
  /** One recognition an image, in order. */
  recognise(images: readonly RgbImage[]): Promise<Recognition[]>;
  dispose(): void;
}

/** Whether an image shows what was asked for. */
export interface Alignment {
  /** True where every fact is there. */
  readonly correct: boolean;
  /** One entry for each fact that was asked for. */
  readonly perAttribute: Readonly<Record<string, boolean>>;
}

/** Which of two images shown side by side is better; 'tie' says neither. */
export type Preference = 'left' | 'right' | 'tie';

/** A stand-in for a person; gives the same answer to the same question. */
export interface SimulatedRater {
  readonly id: string;
  judge(recognition: Recognition, facts: Facts): 'good' | 'bad' | 'skip';
  compare(left: readonly Recognition[], right: readonly Recognition[], facts: Facts): ComparisonVerdict;
}

/** Which of two sets of images fits the prompt better and, asked apart, which has the better pictures. */
export interface ComparisonVerdict {
  readonly alignment: Preference;
  readonly fidelity: Preference;
}

/** Pictures with captions; the pair at an index depends on the seed and the index alone. */
export interface PretrainingStream {
  at(index: number): { readonly image: RgbImage; readonly caption: string };
}

/** Real pictures of the world, to measure how far generated ones are from them. */
export interface ReferencePictures {
  /** A true caption of a picture that `random` decides. */
  caption(random: RandomGenerator): string;
  /** Gives the function that draws the picture that a `random` decides. */
  openPictures(): Promise<(random: RandomGenerator) => RgbImage>;
}

/** The paper's prompts (section 3.1, appendix B and table 4); any project may draw them. */
export interface PaperPrompts {
  /** The 2,774 training prompts. */
  training(): PaperPrompt[];
  /** The 120 evaluation prompts, of which those with unseen objects are held out. */
  evaluation(): PaperPrompt[];
}

/** A prompt of the paper. The paper's prompt lists decide whether it is held out. */
export type PaperPrompt = ListedPrompt & { readonly holdout: boolean };

/** A prompt as a list has it. */
export interface ListedPrompt {
  readonly text: string;
  readonly category: string;
  /**
   * True where the list keeps the prompt for evaluation, false where it is to be learned from; absent where it says
   * neither.
   */
  readonly holdout?: boolean | undefined;
  readonly facts?: Facts | undefined;
}
