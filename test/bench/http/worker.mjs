// One server: says its port, then what it has used so far.
import { serve } from '../harness/child.mjs';
import { usage } from '../harness/usage.mjs';

await serve(async (file, platform) => {
  const { start } = await import(file);
  let handled = 0;
  const port = await start(() => {
    handled++;
  }, platform);
  return { hello: port, onQuestion: () => ({ handled, ...usage() }) };
});
