/** All images with what people said of them, by filters that stand in the address. */
import { useCallback } from 'react';
import { api, read } from '../api/client.ts';
import { imageAddress } from '../image/image-page.tsx';
import { Page } from '../parts/page.tsx';
import { PictureGrid } from '../parts/picture-grid.tsx';
import { followLink, go, useAddress } from '../parts/router.ts';
import { useData } from '../parts/use-data.ts';

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

export function ImagesPage() {
  const { query } = useAddress();
  const address = query.toString();
  const load = useCallback(
    () => read(api.images.$get({ query: Object.fromEntries(new URLSearchParams(address)) })),
    [address],
  );
  const { data, problem } = useData(load);
  const set = (changes: Record<string, string>) => {
    const next = new URLSearchParams(address);
    next.delete('offset');
    for (const [name, value] of Object.entries(changes)) {
      if (value === '' || value === 'any' || value === 'drawn') next.delete(name);
      else next.set(name, value);
    }
    go(`/images?${next}`, { replace: true });
  };
  const choices = data
    ? ([
        ['set', 'Any set', data.sets],
        ['category', 'Any category', data.categories],
        ['rater', 'Any rater', data.raters],
      ] as const)
    : [];
  return (
    <Page title="Images" hasFigures problem={problem} isLoading={data === undefined}>
      {data && (
        <>
          <form className="row filters" onSubmit={(event) => event.preventDefault()}>
            <input
              className="field"
              type="search"
              aria-label="Part of the prompt"
              placeholder="Part of the prompt"
              defaultValue={query.get('prompt') ?? ''}
              onChange={(event) => set({ prompt: event.target.value })}
            />
            <select
              className="field"
              aria-label="Judgement"
              value={query.get('label') ?? 'any'}
              onChange={(event) => set({ label: event.target.value })}
            >
              {LABELS.map(([value, text]) => (
                <option key={value} value={value}>
                  {text}
                </option>
              ))}
            </select>
            {choices.map(([name, any, values]) => (
              <select
                key={name}
                className="field"
                aria-label={name}
                value={query.get(name) ?? ''}
                onChange={(event) => set({ [name]: event.target.value })}
              >
                <option value="">{any}</option>
                {values.map((value) => (
                  <option key={value}>{value}</option>
                ))}
              </select>
            ))}
            {(['rewardFrom', 'rewardTo'] as const).map((name) => (
              <input
                key={name}
                className="field reward-bound"
                type="number"
                min={0}
                max={1}
                step={0.05}
                aria-label={name === 'rewardFrom' ? 'Reward at least' : 'Reward at most'}
                placeholder={name === 'rewardFrom' ? 'Reward ≥' : 'Reward ≤'}
                defaultValue={query.get(name) ?? ''}
                onChange={(event) => event.target.validity.valid && set({ [name]: event.target.value })}
              />
            ))}
            <select
              className="field"
              aria-label="Order"
              value={query.get('order') ?? 'drawn'}
              onChange={(event) => set({ order: event.target.value })}
            >
              {ORDERS.map(([value, text]) => (
                <option key={value} value={value}>
                  {text}
                </option>
              ))}
            </select>
            <label className="check">
              <input
                type="checkbox"
                checked={query.get('away') === 'yes'}
                onChange={(event) => set({ away: event.target.checked ? 'yes' : '' })}
              />
              Set aside or deleted
            </label>
            <span className="soft push" role="status">
              {data.total} images
            </span>
          </form>
          <PictureGrid
            pictures={data.images.map((image) => ({
              key: `${image.set} ${image.id}`,
              name: image.name,
              prompt: image.prompt,
              about: (
                <p className="soft">
                  <a href={imageAddress(image.name)} onClick={followLink}>
                    {aboutImage(image)}
                    <span className="visually-hidden"> – all about this picture of {image.prompt}</span>
                  </a>
                </p>
              ),
              details: (
                <p className="soft">
                  {aboutImage(image)} · {image.category} · {image.set} · drawn by {image.model} ·{' '}
                  <a href={imageAddress(image.name)} onClick={followLink}>
                    All about this picture
                  </a>
                </p>
              ),
            }))}
          />
          {data.total === 0 && <p className="soft">No image passes these filters.</p>}
          <nav className="row" aria-label="Pages of images">
            <button
              type="button"
              className="button"
              disabled={data.offset === 0}
              onClick={() => set({ offset: String(Math.max(0, data.offset - 60)) })}
            >
              Before
            </button>
            <button
              type="button"
              className="button"
              disabled={data.offset + data.images.length >= data.total}
              onClick={() => set({ offset: String(data.offset + 60) })}
            >
              More
            </button>
          </nav>
        </>
      )}
    </Page>
  );
}

interface ImageSays {
  good: number;
  bad: number;
  skip: number;
  reward?: number | undefined;
}

function aboutImage({ good, bad, skip, reward }: ImageSays): string {
  const judged = good + bad + skip === 0 ? ['not judged'] : [`✓ ${good}`, `✕ ${bad}`];
  const skipped = skip > 0 ? [`skipped ${skip}`] : [];
  return [...judged, ...skipped, ...(reward === undefined ? [] : [`reward ${reward.toFixed(2)}`])].join(' · ');
}
