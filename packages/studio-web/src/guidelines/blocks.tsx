/** The guidelines as they are shown: elements of the page, never HTML from the text. */
import type { ShownBlock, ShownExample } from '@heed/studio-api';
import { pictureUrl } from '../api/client.ts';
import { useTexts } from '../language/language.ts';

type ShownInline = Extract<ShownBlock, { kind: 'paragraph' }>['children'][number];

export function Blocks({ blocks }: { blocks: readonly ShownBlock[] }) {
  // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no other names
  return blocks.map((block, i) => <BlockView key={i} block={block} />);
}

function BlockView({ block }: { block: ShownBlock }) {
  switch (block.kind) {
    case 'heading':
      // The page has its own first heading.
      return block.level <= 1 ? (
        <h2 dir="auto">
          <Inlines list={block.children} />
        </h2>
      ) : (
        <h3 dir="auto">
          <Inlines list={block.children} />
        </h3>
      );
    case 'paragraph':
      return (
        <p dir="auto">
          <Inlines list={block.children} />
        </p>
      );
    case 'list': {
      const List = block.isOrdered ? 'ol' : 'ul';
      return (
        <List dir="auto">
          {block.items.map((item, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the text has no other names for its items
            <li key={i}>
              <Blocks blocks={item} />
            </li>
          ))}
        </List>
      );
    }
    case 'quote':
      return (
        <blockquote dir="auto">
          <Blocks blocks={block.children} />
        </blockquote>
      );
    case 'code':
      return <pre className="code">{block.text}</pre>;
    case 'rule':
      return <hr />;
    case 'examples':
      return <Examples examples={block.examples} />;
  }
}

function Inlines({ list }: { list: readonly ShownInline[] }) {
  // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no other names
  return list.map((inline, i) => <InlineView key={i} inline={inline} />);
}

function InlineView({ inline }: { inline: ShownInline }) {
  switch (inline.kind) {
    case 'text':
      return inline.text;
    case 'code':
      return <code>{inline.text}</code>;
    case 'break':
      return <br />;
    case 'strong':
      return (
        <strong>
          <Inlines list={inline.children} />
        </strong>
      );
    case 'emphasis':
      return (
        <em>
          <Inlines list={inline.children} />
        </em>
      );
    case 'link':
      return (
        <a href={inline.href} target="_blank" rel="noreferrer">
          <Inlines list={inline.children} />
        </a>
      );
  }
}

function Examples({ examples }: { examples: readonly ShownExample[] }) {
  const { help } = useTexts();
  return (
    <ul className="examples">
      {examples.map(({ verdict, name, why }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: one picture can be an example twice
        <li key={i} className={`example is-${verdict}`}>
          <img src={pictureUrl(name)} alt="" loading="lazy" width={160} height={160} />
          <p dir="auto">
            <b>
              <span aria-hidden="true">{verdict === 'good' ? '✓' : '✕'}</span>{' '}
              {verdict === 'good' ? help.goodExample : help.badExample}
            </b>{' '}
            {why}
          </p>
        </li>
      ))}
    </ul>
  );
}
