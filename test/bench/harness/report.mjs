import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { machine, noise } from './machine.mjs';
import { packageVersions } from './package-versions.mjs';

const RESULTS = fileURLToPath(new URL('../results/', import.meta.url));

/** Prints the tables as they come, and keeps them for the result file. */
export class Report {
  #startedAt = new Date();
  #start = noise();
  #sections = [];

  begin(bench, node) {
    this.#sections.push(`## ${bench}, Node ${node}`);
    console.log(`\n${this.#sections.at(-1)}`);
  }

  add(tables) {
    for (const { title, notes, table } of tables) {
      const text = [`### ${title}`, ...notes, table].join('\n\n');
      this.#sections.push(text);
      console.log(`\n${text}`);
    }
  }

  /** @param benches those that ran, if not all */
  write(benches) {
    const date = this.#startedAt.toISOString().slice(0, 10);
    const file = `${RESULTS}${[date, ...benches].join('-')}.md`;
    mkdirSync(RESULTS, { recursive: true });
    writeFileSync(file, `${[`# ${date}`, this.#surroundings(), ...this.#sections].join('\n\n')}\n`);
    console.log(`\nWritten to ${file}`);
  }

  #surroundings() {
    const end = noise();
    const stolen = (100 * (end.stolen - this.#start.stolen)) / (end.total - this.#start.total || 1);
    return [
      `- Machine: ${machine()}`,
      `- Load when it began ${this.#start.load}, when it ended ${end.load}; ${stolen.toFixed(1)} % of the processors' time taken by other guests`,
      `- Packages: ${packageVersions()}`,
    ].join('\n');
  }
}
