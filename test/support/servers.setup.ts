import { postgresBinaries } from './postgres-server.js';
import { redisServerBinary } from './redis-server.js';

/** Once before all tests: a server that is missing is installed now, and not by several test files at a time. */
export default function findServers(): void {
  redisServerBinary();
  postgresBinaries();
}
