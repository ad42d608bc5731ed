/** What the column `state` says of a key; `until` says for how long. */
export const RUNNING = 0;
export const RELEASED = 1;
export const DONE = 2;
export const ACCEPTED = 3;
