/**
 * fast-check with one seed for all properties, in place of a new one each run: a change is judged by the same cases as
 * its parent. HEED_PROPERTY_SEED looks at other cases.
 */
import fc from '../node_modules/fast-check/lib/fast-check.js';

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env.HEED_PROPERTY_SEED ?? 1) });

export * from '../node_modules/fast-check/lib/fast-check.js';
// biome-ignore lint/style/noDefaultExport: as the package has it
export default fc;
