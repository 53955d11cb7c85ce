/**
 * Label Studio's JSON: one task per image, one annotation per judgement. A skip becomes `was_cancelled`, a known answer
 * `ground_truth`, and the answer time `lead_time` (labelstud.io/guide/task_format). Label Studio refuses raters who are
 * not its users. Raters' names are therefore stored in the field `heed` and in the task's data
 * (`label-studio/notes.ts`).
 */
import { groupBy } from '../collections/group-by.ts';
import { purposeOf } from '../feedback/event.ts';
import type { Judgement } from '../feedback/judgements.ts';
import { formatOwnJudgements, type Notes, OWN_JUDGEMENTS, type OwnJudgement } from '../feedback/label-studio/notes.ts';
import { standingJudgements } from '../feedback/standing.ts';
import { writeJsonList } from '../files/write-json.ts';
import { imageName } from '../images/image-name.ts';
import type { ImageRecord } from '../images/record.ts';
import { createImageStore } from '../images/store.ts';
import type { Project } from '../project/project.ts';
import { readCountingEvents } from '../reward/project-labels.ts';
import type { TableExport } from './tables.ts';

/** The path under which Label Studio serves files of a local storage. The storage's root is the project's folder. */
export const LOCAL_FILES_PREFIX = '/data/local-files/?d=images/';

/** Names that the annotations and the labelling config must share. */
export const LABEL_STUDIO_NAMES = { choices: 'label', image: 'image', prompt: 'prompt' } as const;

/** The labelling interface that fits the tasks; paste it into the project's settings in Label Studio. */
export const LABELLING_CONFIG = `<View style="display: flex; gap: 24px; align-items: flex-start">
  <View style="flex: 1 1 0; min-width: 0">
    <Image name="${LABEL_STUDIO_NAMES.image}" value="$image" zoom="true" zoomControl="true"/>
  </View>
  <View style="flex: 0 0 260px; position: sticky; top: 0">
    <Text name="${LABEL_STUDIO_NAMES.prompt}" value="$prompt"/>
    <Choices name="${LABEL_STUDIO_NAMES.choices}" toName="${LABEL_STUDIO_NAMES.image}" choice="single" required="true">
      <Choice value="good" hotkey="g"/>
      <Choice value="bad" hotkey="b"/>
    </Choices>
  </View>
</View>
`;

/**
 * Writes every image as a task with those of its judgements that were neither replaced nor withdrawn. The image's
 * address is `imagePrefix` followed by the name of the PNG.
 */
export async function exportLabelStudio(
  project: Project,
  file: string,
  options: { imagePrefix?: string } = {},
): Promise<TableExport> {
  const { imagePrefix = LOCAL_FILES_PREFIX } = options;
  const byImage = groupBy(standingJudgements(await readCountingEvents(project)), ({ image }) => image);
  const records = new Map(
    createImageStore(project.paths.images)
      .all()
      .map((record) => [record.id, record]),
  );
  let annotationId = 0;
  const tasks = [...records.values()].map((record, i) => {
    const judgements = (byImage.get(record.id) ?? []).map((judgement) => ({ judgement, id: ++annotationId }));
    return {
      id: i + 1,
      data: { ...taskData(record, imagePrefix), [OWN_JUDGEMENTS]: formatOwnJudgements(judgements.map(ownOf)) },
      annotations: judgements.map(annotationOf),
      predictions: [],
    };
  });
  await writeJsonList(file, tasks);
  return { file, rows: tasks.length };
}

function taskData({ id, file, prompt, category, set }: ImageRecord, imagePrefix: string) {
  return { image: `${imagePrefix}${file}`, prompt, heed_image: imageName(id), category, set };
}

interface NumberedJudgement {
  readonly judgement: Judgement;
  /** Id of the annotation in the file. */
  readonly id: number;
}

function annotationOf({ judgement, id }: NumberedJudgement) {
  const { label, seconds, time } = judgement;
  const heed = notesOf(judgement);
  const { choices: from_name, image: to_name } = LABEL_STUDIO_NAMES;
  const isSkip = label === 'skip';
  return {
    id,
    result: isSkip
      ? []
      : [{ id: `heed-${id}`, type: 'choices', from_name, to_name, value: { choices: [label] }, meta: { heed } }],
    was_cancelled: isSkip,
    ground_truth: purposeOf(judgement) === 'key',
    lead_time: seconds ?? null,
    created_at: time,
    updated_at: time,
    heed,
  };
}

function ownOf({ judgement, id }: NumberedJudgement): OwnJudgement {
  return { annotation: id, ...notesOf(judgement), label: judgement.label, seconds: judgement.seconds ?? null };
}

function notesOf(judgement: Judgement): Notes {
  const { rater, raterKind, query, purpose, repeatOf, answer, reason, tooFast, label, time } = judgement;
  return {
    rater,
    raterKind,
    query,
    ...(purpose === undefined ? {} : { purpose }),
    ...(repeatOf === undefined ? {} : { repeatOf }),
    ...(answer === undefined ? {} : { answer }),
    ...(reason === undefined ? {} : { reason }),
    ...(tooFast === undefined ? {} : { tooFast }),
    label,
    time,
  };
}
