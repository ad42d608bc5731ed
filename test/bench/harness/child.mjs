import { fork } from 'node:child_process';
import { once } from 'node:events';

/**
 * A process that answers one message at a time. The script calls {@link serve}.
 *
 * @param node the binary to run it with
 */
export class Child {
  #process;
  #answers = [];
  #failure;

  static async start(script, { node = process.execPath, args = [], nodeOptions = [] } = {}) {
    const child = new Child(script, node, args, nodeOptions);
    try {
      child.hello = await child.#answer();
    } catch (error) {
      await child.stop();
      throw error;
    }
    return child;
  }

  constructor(script, execPath, args, execArgv) {
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'];
    this.#process = fork(script, args, {
      execPath,
      execArgv,
      stdio,
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    this.#process.on('message', (answer) => this.#answers.shift()?.(answer));
    this.#process.on('exit', (code, signal) => {
      this.#failure = { error: `${script} ${args.join(' ')} ended with ${signal ?? code}` };
      this.#answers.splice(0).forEach((answer) => answer(this.#failure));
    });
  }

  get pid() {
    return this.#process.pid;
  }

  /** @throws Error with what the script threw */
  ask(question) {
    const answer = this.#answer();
    this.#process.send(question);
    return answer;
  }

  async stop() {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, 'exit');
      this.#process.kill('SIGKILL');
      await ended;
    }
  }

  async #answer() {
    const { error, value } = await new Promise((resolve) => {
      if (this.#failure) {
        resolve(this.#failure);
      } else {
        this.#answers.push(resolve);
      }
    });
    if (error !== undefined) {
      throw new Error(error);
    }
    return value;
  }
}

/** The other end: says hello with what `prepare` returns, then answers each message with what that returned. */
export async function serve(prepare) {
  const say = async (work) => {
    try {
      process.send({ value: await work() });
    } catch (error) {
      process.send({ error: error.stack ?? String(error) });
    }
  };
  let answer;
  await say(async () => {
    const { hello, onQuestion } = await prepare(...process.argv.slice(2));
    answer = onQuestion;
    return hello;
  });
  process.on('message', (question) => say(() => answer(question)));
  process.on('disconnect', () => process.exit());
}
