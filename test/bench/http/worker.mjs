// One server: says its port, then what it has used so far.
import { serve } from '../harness/child.mjs';
import { usage } from '../harness/usage.mjs';

await serve(async (file, ...args) => {
  const { start } = await import(file);
  let handled = 0;
  const port = await start(
    () => {
      handled++;
    },
    ...args,
  );
  return { hello: port, onQuestion: () => ({ handled, ...usage() }) };
});
