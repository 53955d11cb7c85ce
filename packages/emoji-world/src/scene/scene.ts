// What a scene is: everything that is true of one picture. How scenes are sampled is in sample-scene.ts.
import type { ArtStyle } from '../art/styles.ts';
import type { BackgroundName, ColourName, Count, ObjectName } from '../vocabulary.ts';

/** The content of one picture: objects, colour, number and background. */
export interface Scene {
  readonly object: ObjectName;
  /** Colour of the objects; absent for the drawing's natural colours. */
  readonly colour?: ColourName;
  readonly count: Count;
  /** Background of the scene; absent for a plain light ground. */
  readonly background?: BackgroundName;
  readonly style: ArtStyle;
}
