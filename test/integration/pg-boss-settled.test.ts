import { describeSettled } from '../contract/settled.contract.js';
import { PgBossBench } from '../support/pg-boss-app.js';

describeSettled(PgBossBench.forThisFile());
