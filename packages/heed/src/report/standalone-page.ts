/** The shared frame of heed's single-file pages: head, style and content policy. */
import { escapeHtml, type Markup, raw } from './html.ts';
import { STYLE } from './style.ts';

/** Makes the whole page as a string. The page's content security policy forbids scripts and network requests. */
export function standalonePage(title: string, body: Markup): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${raw(STYLE).markup}</style>
</head>
<body>
${body.markup}
</body>
</html>
`;
}
