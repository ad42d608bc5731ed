/**
 * What this process does for an endpoint: receive deliveries, work on queued events, or both.
 *
 * @publicApi
 */
export type EndpointRole = 'receive' | 'work' | 'both';
