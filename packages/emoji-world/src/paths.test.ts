import { expect, it } from 'vitest';
import { MODELS_FOLDER, requireWeights } from './paths.ts';

it('finds the weights, and says how to install them where they are not there', () => {
  expect(() => requireWeights()).not.toThrow();
  expect(() => requireWeights(`${MODELS_FOLDER}-of-nobody`)).toThrow(
    'the built-in model: expected the package @heed/tiny-sd, which holds its weights, got none; ' +
      'install it with: npm install @heed/tiny-sd',
  );
});
