import { execFileSync } from 'node:child_process';

/** Once before all tests: the inspector's page as its sources are now, in half a second. */
export default function buildPage(): void {
  execFileSync(process.execPath, ['tools/build-page.mjs'], { stdio: 'inherit' });
}
