/** What raters are shown when they are done: a code, and where to go back to with it. There is no default code. */
import { badInput } from '../../errors.ts';
import type { Project } from '../../project/project.ts';
import { quote } from '../../text/nearest.ts';
import type { Secret } from '../auth/secret.ts';

/** The same for all raters of a project, as recruiting platforms want it. */
export interface Completion {
  readonly code: string;
  /** Only where the owner has set one. */
  readonly url?: string;
}

const PLACE = '{code}';

/**
 * Reads heed.toml; a code that it lacks is made of 128 bits of the project's secret. Throws `badInput` for a bad URL.
 */
export function completionSettings(project: Project, secret: Secret): Completion {
  const { completionCode, completionUrl } = project.config.label;
  const code = completionCode === '' ? secret.tag('completion', 'code') : completionCode;
  const url = completionUrl === '' ? undefined : completionUrl.replaceAll(PLACE, encodeURIComponent(code));
  if (url !== undefined && (!URL.canParse(url) || new URL(url).protocol !== 'https:')) {
    throw badInput(
      `heed.toml: label.completionUrl must be an address that begins with https://, got ${quote(completionUrl)}`,
    );
  }
  return { code, ...(url === undefined ? {} : { url }) };
}
