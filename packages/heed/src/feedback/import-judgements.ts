/**
 * Turns imported judgements into events of the log: finds which judgements are new, already in the log, or
 * contradictory.
 */
import { badInput, InputError } from '../errors.ts';
import { faultOfLine, faultOfText } from '../files/read-text.ts';
import { createImageStore } from '../images/store.ts';
import type { Project } from '../project/project.ts';
import { quote } from '../text/nearest.ts';
import { type FeedbackEvent, LABELS, type Label, purposeOf, revisedEventId } from './event.ts';
import { withEventSink } from './event-sink.ts';
import { openFeedbackLog } from './log.ts';
import { standingJudgements } from './standing.ts';

export interface FeedbackImport {
  readonly added: number;
  /** Number of rows that the log already contains. */
  readonly unchanged: number;
  /** Number of rows without a label, as in a sheet that is only partly filled in. */
  readonly withoutLabel: number;
  /** Notes for the owner, in sentences without a full stop. */
  readonly notes: readonly string[];
}

/** A judgement from a file, with its position in the file: 'line 3', 'task 2'. */
export interface ImportedJudgement {
  readonly where: string;
  /** Whether the file gives the judgement's time. */
  readonly isTimed: boolean;
  readonly event: Omit<FeedbackEvent, 'id'> & { readonly label: Label };
}

/** All judgements of a file, checked but not written yet. */
export interface CheckedJudgements {
  readonly judgements: readonly ImportedJudgement[];
  readonly withoutLabel: number;
}

/** Given the log's current events, returns the new events to append. */
export type EventsOf = (log: readonly FeedbackEvent[]) => readonly FeedbackEvent[];

/** Writes new events to the log; by default the command itself takes the log's lock and appends the events. */
export type EventWriter = (eventsOf: EventsOf) => Promise<number>;

/** Labels by the words of people and other tools. A map, because an object would accept `constructor`. */
const LABELS_BY_WORD = new Map<string, Label>([
  ...LABELS.map((label) => [label, label] as const),
  ['1', 'good'],
  ['0', 'bad'],
]);

/** The label of a word in any case, or undefined. */
export function labelOfWord(word: string): Label | undefined {
  return LABELS_BY_WORD.get(word.toLowerCase());
}

/** The kind of a rater. heed's simulated raters are recognised by name. */
export function raterKindOf(rater: string): FeedbackEvent['raterKind'] {
  return /^simulated-\d+$/.test(rater) ? 'simulated' : 'human';
}

/** Writes all new events together. When a rater changes their mind, a new event is added; events never change. */
export async function addJudgements(
  checked: CheckedJudgements,
  options: { path: string; write: EventWriter; asKnown?: boolean },
): Promise<FeedbackImport> {
  const { path, write, asKnown = false } = options;
  const { withoutLabel } = checked;
  const all = asKnown ? checked.judgements.map((judgement) => asKey(judgement, path)) : checked.judgements;
  const judgements = lastOfEach(all, path);
  const added = await write((log) => changes(judgements, log));
  const earlier = all.length - judgements.length;
  const notes =
    earlier === 0 ? [] : [`earlier judgements of an image by the same rater, of which the last counts: ${earlier}`];
  return { added, unchanged: judgements.length - added, withoutLabel, notes };
}

/**
 * Throws an `InputError` for a text that a judgement cannot contain; the error's message does not name the imported
 * file.
 */
export function checkTexts({ rater, query, reason }: { rater: string; query: string; reason: string }): void {
  const faults = {
    rater: faultOfLine(rater, { maxLength: 200 }),
    query: faultOfLine(query, { maxLength: 200 }),
    reason: faultOfText(reason, { maxLength: 2000 }),
  };
  for (const [name, fault] of Object.entries(faults)) {
    if (fault !== undefined) throw new InputError(`${name}: ${fault}`);
  }
}

/** Makes the judgement a known answer, against which raters are measured. Models do not learn from it. */
function asKey({ where, isTimed, event }: ImportedJudgement, path: string): ImportedJudgement {
  if (event.label === 'skip') {
    throw badInput(`${path}, ${where}: expected a known answer, good or bad, got skip`);
  }
  const { answer: _, tooFast: __, repeatOf: ___, ...rest } = event;
  return { where, isTimed, event: { ...rest, purpose: 'key' } };
}

/**
 * Appends to the project's log. The writer takes the log's lock, or sends the judgements to the studio that holds the
 * lock.
 */
export function logWriter(project: Project): EventWriter {
  return (eventsOf) =>
    withEventSink(project, async (sink) => sink.append(eventsOf(await openFeedbackLog(project.paths.feedback).read())));
}

/** The project's stored images, to which judgements refer. */
export function imagesOf(project: Project) {
  return createImageStore(project.paths.images);
}

function changes(judgements: readonly ImportedJudgement[], log: readonly FeedbackEvent[]): FeedbackEvent[] {
  const last = new Map(standingJudgements(log).map((event) => [keyOf(event), event]));
  const facts = (event: Omit<FeedbackEvent, 'id'>) => JSON.stringify([event.query, event.rater, event.image]);
  const times = new Map<string, number>();
  for (const event of log) times.set(facts(event), (times.get(facts(event)) ?? 0) + 1);
  return judgements.flatMap(({ event, isTimed }) => {
    const earlier = last.get(keyOf(event));
    if (earlier && earlier.label === event.label && earlier.reason === event.reason) return [];
    // An older export does not override judgements that were made since.
    if (earlier && isTimed && event.time < earlier.time) return [];
    const revision = times.get(facts(event)) ?? 0;
    return [{ id: revisedEventId(event, revision), ...event }];
  });
}

/**
 * The key under which a judgement replaces an earlier one: rater, image and purpose; for repeats and preferences also
 * the query.
 */
function keyOf(event: Omit<FeedbackEvent, 'id'>): string {
  const purpose = purposeOf(event);
  return JSON.stringify([
    event.rater,
    event.image,
    purpose,
    purpose === 'repeat' || purpose === 'preference' ? event.query : '',
  ]);
}

/** Keeps the last label of each rater for each image. If the file has no times, two different labels are refused. */
function lastOfEach(judgements: readonly ImportedJudgement[], path: string): ImportedJudgement[] {
  const last = new Map<string, ImportedJudgement>();
  for (const judgement of judgements) {
    const { where, event, isTimed } = judgement;
    const key = keyOf(event);
    const earlier = last.get(key);
    if (earlier && !(isTimed && earlier.isTimed) && earlier.event.label !== event.label) {
      throw badInput(
        `${path}, ${where}: expected one judgement of image ${event.image} by ${quote(event.rater)}, got a second (${earlier.where})`,
      );
    }
    if (!earlier || event.time >= earlier.event.time) last.set(key, judgement);
  }
  return [...last.values()];
}
