import { Child } from '../harness/child.mjs';
import { send, SPARE } from './load.mjs';

/**
 * A fresh server, warmed up, then loaded. Every delivery is sent once.
 *
 * @param worker the script of the server: says its port, then what it has handled and used
 */
export async function measure(
  worker,
  args,
  deliveries,
  { node, nodeOptions, warmUp, requests, isForged = false },
) {
  const server = await Child.start(worker, { node, nodeOptions, args });
  try {
    const port = server.hello;
    await send(port, deliveries, 0, warmUp);
    const before = await server.ask('usage');
    const seen = await send(port, deliveries, warmUp + SPARE, requests);
    const after = await server.ask('usage');
    requireComplete(seen, after.handled - before.handled, isForged);
    return {
      cpu: ((after.cpuSeconds - before.cpuSeconds) * 1_000) / seen.requests,
      rate: seen.requests / seen.seconds,
      p50: seen.p50,
      p99: seen.p99,
      memory: after.peakMemoryBytes / 2 ** 20,
      commits: (after.commits - before.commits) / seen.requests,
    };
  } finally {
    await server.stop();
  }
}

/** How many deliveries a measurement needs. */
export const deliveriesFor = ({ warmUp, requests }) => warmUp + requests + 2 * SPARE;

/** A figure of a server that fails, or forgets to handle, is no figure. */
function requireComplete({ requests, refused, broken }, handled, isForged) {
  const wanted = isForged ? { refused: requests, handled: 0 } : { refused: 0, handled: requests };
  if (
    broken > 0 ||
    refused !== wanted.refused ||
    handled < wanted.handled ||
    handled > wanted.handled + SPARE
  ) {
    throw new Error(`Of ${requests} requests ${handled} were handled, ${refused} refused, ${broken} broken.`);
  }
}
