/** Chooses the language of the raters' pages. */
import { LANGUAGES, type Language, setLanguage, useLanguage, useTexts } from './language.ts';

export function LanguageChoice() {
  const chosen = useLanguage();
  const { common } = useTexts();
  return (
    <select
      className="field language-choice"
      aria-label={common.choose}
      value={chosen}
      onChange={(event) => setLanguage(event.target.value as Language)}
    >
      {Object.entries(LANGUAGES).map(([language, { name }]) => (
        <option key={language} value={language} lang={language}>
          {name}
        </option>
      ))}
    </select>
  );
}
