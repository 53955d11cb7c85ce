/** One task of Label Studio, whichever of its exports it comes from. */
import type { Label } from '../event.ts';
import type { Notes } from './notes.ts';

/** What one annotator said of a task. */
export interface TaskAnnotation {
  readonly id?: number | undefined;
  readonly importId?: number | undefined;
  readonly label: Label;
  /** Undefined where the export names no rater. */
  readonly annotator: string | undefined;
  readonly seconds?: number | undefined;
  /** When it was made, and last changed: ISO 8601. */
  readonly createdAt?: string | undefined;
  readonly updatedAt?: string | undefined;
  /** It is a known answer: Label Studio's ground truth. */
  readonly isKnown: boolean;
  /** Beside or in the annotation itself. */
  readonly notes?: Notes | undefined;
}

export interface ExportedTask {
  /** For messages: "task 3 (id 17)", "line 4". */
  readonly where: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly annotations: readonly TaskAnnotation[];
}
