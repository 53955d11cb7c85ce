// What a scene is: everything that is true of one picture. How scenes are sampled is in sample-scene.ts.
import type { ArtStyle } from '../art/styles.ts';
import type { BackgroundName, ColourName, Count, ObjectName } from '../vocabulary.ts';

/** Everything true of one picture. */
export interface Scene {
  readonly object: ObjectName;
  /** Absent: the drawing's natural colours. */
  readonly colour?: ColourName;
  readonly count: Count;
  /** Absent: a plain light ground. */
  readonly background?: BackgroundName;
  readonly style: ArtStyle;
}
