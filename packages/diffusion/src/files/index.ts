/** Files and folders that are whole or not there. */
export { type AtomicWriteOptions, writeFileAtomically } from './atomic-file.ts';
export { writeFolderAtomically } from './atomic-folder.ts';
export { renameDurably, syncFile, syncFolder } from './flush.ts';
