import { describeSettled } from '../contract/settled.contract.js';
import { BullMqBench } from '../support/bullmq-app.js';

describeSettled(BullMqBench.forThisFile());
