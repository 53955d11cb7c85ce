/** The commands of a guide: lines of its `sh` blocks, in order. For tests alone. */

export interface GuideCommand {
  /** From 1, in the page. */
  readonly line: number;
  readonly text: string;
}

export function guideCommands(markdown: string): GuideCommand[] {
  let inside = false;
  return markdown.split('\n').flatMap((text, i) => {
    if (text.startsWith('```')) {
      inside = text === '```sh';
      return [];
    }
    return inside && text.trim() !== '' ? [{ line: i + 1, text: text.trim() }] : [];
  });
}
