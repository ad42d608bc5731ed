/**
 * A string that is one of the `Known` values today. Others may come: a sender adds providers and statuses without
 * asking, so a `switch` over it wants a `default`.
 *
 * @publicApi
 */
export type OpenEnum<Known extends string> = Known | (string & {});

/**
 * A JSON object whose fields nobody has published, or which the customer's own systems fill.
 *
 * @publicApi
 */
export type OpenPayload = Readonly<Record<string, unknown>>;
