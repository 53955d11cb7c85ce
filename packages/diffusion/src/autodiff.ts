/** The engine, re-exported for packages that build on `@heed/diffusion` and may not import `@heed/autodiff`. */
export * from '@heed/autodiff';
