/** All images with what people said of them, by filters that stand in the address. */
import { useCallback } from 'react';
import { api, pictureUrl, read } from '../api/client.ts';
import { Page } from '../parts/page.tsx';
import { go, useAddress } from '../parts/router.ts';
import { useData } from '../parts/use-data.ts';

const LABELS = [
  ['any', 'Any judgement'],
  ['good', 'Good'],
  ['bad', 'Bad'],
  ['disputed', 'Disputed'],
  ['skipped', 'Skipped'],
  ['none', 'Not judged'],
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
      if (value === '' || value === 'any') next.delete(name);
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
    <Page title="Images" problem={problem} isLoading={data === undefined}>
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
            <span className="soft push" role="status">
              {data.total} images
            </span>
          </form>
          <ul className="gallery">
            {data.images.map((image) => (
              <li key={`${image.set} ${image.id}`}>
                <img src={pictureUrl(image.name)} alt={image.prompt} loading="lazy" width={160} height={160} />
                <p dir="auto">{image.prompt}</p>
                <p className="soft">
                  {image.good + image.bad + image.skip === 0
                    ? 'not judged'
                    : [`✓ ${image.good}`, `✕ ${image.bad}`, ...(image.skip > 0 ? [`skipped ${image.skip}`] : [])].join(
                        ' · ',
                      )}
                </p>
              </li>
            ))}
          </ul>
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
