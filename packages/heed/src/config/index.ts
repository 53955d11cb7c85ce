/** The settings of a project. */
export { applyOverrides } from './overrides.ts';
export { checkConfig, parseConfig } from './parse.ts';
export {
  BUILT_IN_MODEL,
  type ConfigKey,
  type ConfigSection,
  configSchema,
  configSections,
  HELD_OUT_PROMPTS,
  type HeedConfig,
  isPaperScale,
  PAPER_EVALUATION_PROMPTS,
  PAPER_PROMPTS,
  threadsOption,
  WORLD_PRETRAINING,
} from './schema.ts';
export {
  DEFAULT_METHOD,
  METHOD_NAMES,
  METHOD_SECTIONS,
  type MethodName,
  type MethodSection,
  type MethodSettings,
  SECTION_OF_METHOD,
} from './tuning-methods.ts';
export { commentedConfig, configJsonSchema, readResolvedHeader, resolvedConfig } from './write.ts';
