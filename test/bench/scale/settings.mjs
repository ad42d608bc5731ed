export const LABELS = {
  exact: 'handlers, exact types',
  wildcard: 'handlers, wildcards',
  ids: 'remembered ids',
};

/** 5 million ids need more heap than Node gives by itself. */
export const NODE_OPTIONS = ['--expose-gc', '--max-old-space-size=6144'];
