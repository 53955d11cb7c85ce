/**
 * Draws charts with Observable Plot without a browser. Each chart is an inline SVG string whose colours come from the
 * page's CSS.
 */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { Markup } from '../html.ts';
import { html, raw } from '../html.ts';

/** On narrow pages, a chart shrinks to no less than this fraction of the width that it is drawn for. */
const SMALLEST_SHARE = 0.75;

/** Draws a plot; `label` is its description for screen readers. */
export function draw(label: string, options: Plot.PlotOptions): Markup {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const figure = Plot.plot({
    document,
    width: 720,
    style: { background: 'none', color: 'inherit', fontSize: '12px', overflow: 'visible' },
    ...options,
    figure: false,
  } as Plot.PlotOptions);
  // One picture to a screen reader: Plot names its groups, which have no role.
  for (const part of figure.querySelectorAll('[aria-label], [aria-description]')) {
    part.removeAttribute('aria-label');
    part.removeAttribute('aria-description');
  }
  figure.setAttribute('role', 'img');
  figure.setAttribute('aria-label', label);
  const width = Number(figure.getAttribute('width'));
  // Its letters shrink no further than this; what is wider than the page scrolls.
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Chart: ${label}"><div style="min-width:${Math.round(SMALLEST_SHARE * width)}px">${raw(figure.outerHTML)}</div></div>`;
}
