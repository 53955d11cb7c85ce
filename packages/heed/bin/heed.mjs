#!/usr/bin/env node
// Starts the command line from its TypeScript sources; holds no logic of its own.
import { register } from 'tsx/esm/api';

register();
await import('../src/cli/main.ts');
