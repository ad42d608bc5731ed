/** A parameter of a request that can't be used: answered 400 with the message. */
export class BadQueryError extends Error {}
