/**
 * Texts that index.html shows until the pages' scripts run, in every language, because no script has chosen a language
 * yet.
 */
import { english } from '../src/language/english.ts';
import { german } from '../src/language/german.ts';

const LANGUAGES = { en: english, de: german };

/** A Vite plugin that replaces the comment `loading` in index.html by the texts. */
export const loadingTexts = {
  name: 'heed-loading-texts',
  transformIndexHtml: (html: string) => html.replace('<!-- loading -->', paragraphs()),
};

function paragraphs(): string {
  return Object.entries(LANGUAGES)
    .flatMap(([language, { loading }]) => [
      `<p lang="${language}" data-says="loading">${loading.tooOld}</p>`,
      `<p lang="${language}" data-says="missing" role="alert" hidden>${loading.missing}</p>`,
    ])
    .join('\n        ');
}
