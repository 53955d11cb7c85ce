/** One task of Label Studio, in a form common to all export formats. */
import type { Label } from '../event.ts';
import type { Notes } from './notes.ts';

/** The annotation of a task by one annotator. */
export interface TaskAnnotation {
  readonly id?: number | undefined;
  readonly importId?: number | undefined;
  readonly label: Label;
  /** The annotator's name; undefined where the export names none. */
  readonly annotator: string | undefined;
  readonly seconds?: number | undefined;
  /** Times at which the annotation was made and last changed, ISO 8601. */
  readonly createdAt?: string | undefined;
  readonly updatedAt?: string | undefined;
  /** Whether the annotation is a known answer, which Label Studio calls ground truth. */
  readonly isKnown: boolean;
  /** Notes on a judgement that heed exported, if Label Studio's export still contains the notes. */
  readonly notes?: Notes | undefined;
}

export interface ExportedTask {
  /** The task's place in messages: "task 3 (id 17)", "line 4". */
  readonly where: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly annotations: readonly TaskAnnotation[];
}
