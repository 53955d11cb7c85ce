/** All images with what people said of them, by filters that stand in the address. */
import { useCallback } from 'react';
import { api, read } from '../api/client.ts';
import { imageAddress } from '../image/image-page.tsx';
import { Page } from '../parts/page.tsx';
import { PictureGrid } from '../parts/picture-grid.tsx';
import { followLink, go, useAddress } from '../parts/router.ts';
import { useData } from '../parts/use-data.ts';
import { ImageFilters, type SetFilters } from './image-filters.tsx';

const PAGE_IMAGES = 60;

const load = (address: string) => read(api.images.$get({ query: Object.fromEntries(new URLSearchParams(address)) }));
type ListedImages = Awaited<ReturnType<typeof load>>;

export function ImagesPage() {
  const { query } = useAddress();
  const address = query.toString();
  const { data, problem } = useData(useCallback(() => load(address), [address]));
  const set: SetFilters = (changes) => {
    const next = new URLSearchParams(address);
    next.delete('offset');
    for (const [name, value] of Object.entries(changes)) {
      if (value === '' || value === 'any' || value === 'drawn') next.delete(name);
      else next.set(name, value);
    }
    go(`/images?${next}`, { replace: true });
  };
  return (
    <Page title="Images" hasFigures problem={problem} isLoading={data === undefined}>
      {data && (
        <>
          <ImageFilters query={query} values={data} total={data.total} onChange={set} />
          <ImageGrid images={data.images} />
          {data.total === 0 && <p className="soft">No image passes these filters.</p>}
          <PageButtons data={data} onChange={set} />
        </>
      )}
    </Page>
  );
}

function ImageGrid({ images }: { images: ListedImages['images'] }) {
  return (
    <PictureGrid
      pictures={images.map((image) => ({
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
  );
}

function PageButtons({ data, onChange }: { data: ListedImages; onChange: SetFilters }) {
  const { offset, images, total } = data;
  return (
    <nav className="row" aria-label="Pages of images">
      <button
        type="button"
        className="button"
        disabled={offset === 0}
        onClick={() => onChange({ offset: String(Math.max(0, offset - PAGE_IMAGES)) })}
      >
        Before
      </button>
      <button
        type="button"
        className="button"
        disabled={offset + images.length >= total}
        onClick={() => onChange({ offset: String(offset + PAGE_IMAGES) })}
      >
        More
      </button>
    </nav>
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
