/**
 * The completion page's content: a code, and a URL at which the rater enters it. Without a configured code, each
 * project gets a different code.
 */
import { badInput } from '../../errors.ts';
import type { Project } from '../../project/project.ts';
import { quote } from '../../text/nearest.ts';
import type { Secret } from '../auth/secret.ts';

/** The completion code, the same for all raters of a project, as recruiting platforms require. */
export interface Completion {
  readonly code: string;
  /** URL at which the rater enters the code; absent if the owner configured none. */
  readonly url?: string;
}

const PLACE = '{code}';

/**
 * Reads the completion settings of heed.toml. A missing code is derived from the project's secret (128 bits). Throws
 * `badInput` for a bad URL.
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
