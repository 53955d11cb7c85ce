/** The seed of each image of the sampling benchmark. */
export const seedOf = (index: number) => 100 + index;
