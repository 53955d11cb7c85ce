// Names of runs: those of runs from before there were methods stay as they are, and each method has different names.
import { expect, it } from 'vitest';
import { parseConfig } from '../config/index.ts';
import { fingerprintOf } from './fingerprint.ts';
import { tuneOptionsOf } from './options.ts';

const model = [{ image: 'a', prompt: 'One dog.', reward: 0.5, labelled: true }];
const pretraining = [{ key: 'k', caption: 'a dog', reward: 0.25 }];
const fingerprint = (...overrides: string[]) => {
  const options = tuneOptionsOf(
    parseConfig('', { source: 'test', overrides: ['tune.watch.everySteps=0', ...overrides] }),
  );
  return fingerprintOf({ options, baseHash: 'b', model, pretraining: options.beta > 0 ? pretraining : undefined });
};

it('gives a run of the paper the name that it had before there were other methods', () => {
  expect(fingerprint()).toBe('46d23865a78ef56a');
  expect(
    fingerprint('tune.beta=0', 'tune.loraRank=4', 'tune.schedule="linear"', 'tune.modelRewardPower=4', 'tune.ema=0.9'),
  ).toBe('9140cbfadef813f3');
});
