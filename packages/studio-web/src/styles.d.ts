/** Declares imports of style sheets, which are imported only for their side effect. */
declare module '*.css';
