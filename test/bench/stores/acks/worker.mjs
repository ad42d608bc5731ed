// One server that queues events: says its port, then how many jobs the queue holds and what the process has used.
import { serve } from '../../harness/child.mjs';
import { usage } from '../../harness/usage.mjs';

await serve(async (file, way, url) => {
  const { [way]: start } = await import(file);
  const { port, count, commits = () => 0 } = await start(url);
  return {
    hello: port,
    onQuestion: async () => ({ ...usage(), handled: await count(), commits: await commits() }),
  };
});
