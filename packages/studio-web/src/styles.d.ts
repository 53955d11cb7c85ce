/** Lets TypeScript accept imports of style sheets; a page imports a style sheet only to apply it. */
declare module '*.css';
