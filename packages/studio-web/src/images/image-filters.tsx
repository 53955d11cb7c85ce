/**
 * The filters and the order of the list of images. Filters and order are part of the address, so that a list can be
 * linked.
 */

/** Query parameters to change; '' takes one away. */
export type SetFilters = (changes: Readonly<Record<string, string>>) => void;

interface ImageFiltersProps {
  query: URLSearchParams;
  /** What the project's images can be filtered by. */
  values: { sets: readonly string[]; categories: readonly string[]; raters: readonly string[] };
  total: number;
  onChange: SetFilters;
}

const LABELS = [
  ['any', 'Any judgement'],
  ['good', 'Good'],
  ['bad', 'Bad'],
  ['disputed', 'Disputed'],
  ['skipped', 'Skipped'],
  ['none', 'Not judged'],
] as const;

const ORDERS = [
  ['drawn', 'As drawn'],
  ['disagreement', 'Disputed first'],
  ['reward-high', 'Highest reward first'],
  ['reward-low', 'Lowest reward first'],
  ['against-reward', 'People against the reward first'],
] as const;

const REWARD_BOUNDS = [
  ['rewardFrom', 'Reward at least', 'Reward ≥'],
  ['rewardTo', 'Reward at most', 'Reward ≤'],
] as const;

export function ImageFilters({ query, values, total, onChange }: ImageFiltersProps) {
  const choices = [
    ['set', 'Any set', values.sets],
    ['category', 'Any category', values.categories],
    ['rater', 'Any rater', values.raters],
  ] as const;
  return (
    <form className="row filters" onSubmit={(event) => event.preventDefault()}>
      <input
        className="field"
        type="search"
        aria-label="Part of the prompt"
        placeholder="Part of the prompt"
        defaultValue={query.get('prompt') ?? ''}
        onChange={(event) => onChange({ prompt: event.target.value })}
      />
      <Choice
        label="Judgement"
        options={LABELS}
        value={query.get('label') ?? 'any'}
        onChange={(label) => onChange({ label })}
      />
      {choices.map(([name, any, options]) => (
        <Choice
          key={name}
          label={name}
          options={[['', any], ...options.map((option) => [option, option] as const)]}
          value={query.get(name) ?? ''}
          onChange={(value) => onChange({ [name]: value })}
        />
      ))}
      {REWARD_BOUNDS.map(([name, label, placeholder]) => (
        <input
          key={name}
          className="field reward-bound"
          type="number"
          min={0}
          max={1}
          step={0.05}
          aria-label={label}
          placeholder={placeholder}
          defaultValue={query.get(name) ?? ''}
          onChange={(event) => event.target.validity.valid && onChange({ [name]: event.target.value })}
        />
      ))}
      <Choice
        label="Order"
        options={ORDERS}
        value={query.get('order') ?? 'drawn'}
        onChange={(order) => onChange({ order })}
      />
      <label className="check">
        <input
          type="checkbox"
          checked={query.get('away') === 'yes'}
          onChange={(event) => onChange({ away: event.target.checked ? 'yes' : '' })}
        />
        Set aside or deleted
      </label>
      <span className="soft push" role="status">
        {total} images
      </span>
    </form>
  );
}

interface ChoiceProps {
  label: string;
  /** Value and text. */
  options: readonly (readonly [string, string])[];
  value: string;
  onChange: (value: string) => void;
}

function Choice({ label, options, value, onChange }: ChoiceProps) {
  return (
    <select className="field" aria-label={label} value={value} onChange={(event) => onChange(event.target.value)}>
      {options.map(([each, text]) => (
        <option key={each} value={each}>
          {text}
        </option>
      ))}
    </select>
  );
}
