import { describeDeadLetters } from '../contract/dead-letters.contract.js';
import { PgBossBench } from '../support/pg-boss-app.js';

describeDeadLetters(PgBossBench.forThisFile());
