/**
 * The language of the raters' pages. The link ('?lang=de') decides first, then the choice on the page, then the first
 * of the browser's languages that has texts. Each language has one table with all texts; a table that lacks a text
 * causes a type error.
 */
import { createStore, useStore } from '../parts/store.ts';
import { english } from './english.ts';
import { german } from './german.ts';
import type { Texts } from './texts.ts';

export type { Texts } from './texts.ts';

export const LANGUAGES = { en: english, de: german } as const satisfies Record<string, Texts>;
export type Language = keyof typeof LANGUAGES;

const STORAGE_KEY = 'heed-language';

/** Chooses the first requested language that has texts, by default English; 'de-AT' gives German. */
export function chooseLanguage(wanted: readonly (string | null | undefined)[]): Language {
  for (const tag of wanted) {
    const name = tag?.toLowerCase().split(/[-_]/)[0];
    if (name !== undefined && Object.hasOwn(LANGUAGES, name)) return name as Language;
  }
  return 'en';
}

const language = createStore<Language>(load());

/** Changes the language of the page and stores the choice. */
export function setLanguage(chosen: Language): void {
  language.set(chosen);
  showOnPage(chosen);
  try {
    localStorage.setItem(STORAGE_KEY, chosen);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

export function useLanguage(): Language {
  return useStore(language);
}

/** A React hook that returns the texts of the current language. */
export function useTexts(): Texts {
  return LANGUAGES[useStore(language)];
}

/** The texts of the current language, for code outside of components. */
export function currentTexts(): Texts {
  return LANGUAGES[language.get()];
}

/** Sets the document's language attribute, for screen readers and hyphenation. */
function showOnPage(chosen: Language): void {
  if (typeof document !== 'undefined') document.documentElement.lang = chosen;
}

function load(): Language {
  if (typeof location === 'undefined') return 'en';
  const asked = new URLSearchParams(location.search).get('lang');
  let kept: string | null = null;
  try {
    // What the link asks for holds for the pages after it.
    if (asked !== null) localStorage.setItem(STORAGE_KEY, chooseLanguage([asked]));
    kept = localStorage.getItem(STORAGE_KEY);
  } catch {
    // A browser that keeps nothing is asked each time.
  }
  const chosen = chooseLanguage([asked, kept, ...navigator.languages]);
  showOnPage(chosen);
  return chosen;
}
