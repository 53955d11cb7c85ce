/** Functions that write files and folders atomically: a reader finds the whole content or nothing. */
export { type AtomicWriteOptions, writeFileAtomically } from './atomic-file.ts';
export { writeFolderAtomically } from './atomic-folder.ts';
export { renameDurably, syncFile, syncFolder } from './flush.ts';
