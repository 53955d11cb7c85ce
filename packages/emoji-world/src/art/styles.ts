// The emoji sets scenes are drawn with, and where each comes from. The drawings are in assets/, NOTICE credits them.

/**
 * The source of one emoji set. Sets with `heldOut` are never trained on; they serve as the out-of-distribution test.
 */
export interface ArtStyleSource {
  readonly name: string;
  readonly title: string;
  readonly npmPackage: string;
  readonly version: string;
  readonly licence: string;
  readonly heldOut: boolean;
}

/**
 * The three sets of drawings. One set is for training, because hours on two cores suffice for one set but not for two.
 * The other sets are held out.
 */
export const ART_STYLES = [
  {
    name: 'noto',
    title: 'Noto Emoji',
    npmPackage: '@iconify-json/noto',
    version: '1.2.9',
    licence: 'Apache-2.0',
    heldOut: false,
  },
  {
    name: 'fluent-emoji-flat',
    title: 'Fluent Emoji Flat',
    npmPackage: '@iconify-json/fluent-emoji-flat',
    version: '1.2.6',
    licence: 'MIT',
    heldOut: true,
  },
  {
    name: 'twemoji',
    title: 'Twemoji',
    npmPackage: '@iconify-json/twemoji',
    version: '1.2.5',
    licence: 'CC-BY-4.0',
    heldOut: true,
  },
] as const satisfies readonly ArtStyleSource[];

export type ArtStyle = (typeof ART_STYLES)[number]['name'];

/** The default styles for sampling scenes. */
export const TRAINING_STYLES: readonly ArtStyle[] = ART_STYLES.filter((s) => !s.heldOut).map((s) => s.name);

/** The art styles that no model of this emoji world has seen in training. */
export const HELD_OUT_STYLES: readonly ArtStyle[] = ART_STYLES.filter((s) => s.heldOut).map((s) => s.name);
