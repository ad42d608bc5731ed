import { MemoryInspectorLog } from '../../../lib/inspector/memory-inspector.log.js';
import { describeInspectorLog } from '../../contract/inspector-log.contract.js';

describeInspectorLog('in memory', (capacity) => new MemoryInspectorLog(capacity));
