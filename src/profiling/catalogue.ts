// Generated from the folder listing by scripts/generate-catalogue.mjs. Do not edit.
import type { Pattern } from './define.js';
import readsDeepOffset from './patterns/reads/deep-offset.js';
import readsNPlusOne from './patterns/reads/n-plus-one.js';
import readsRepeatedRead from './patterns/reads/repeated-read.js';
import readsSelectStar from './patterns/reads/select-star.js';
import readsUnboundedResult from './patterns/reads/unbounded-result.js';
import sessionsConnectionChurn from './patterns/sessions/connection-churn.js';
import sessionsNoStatementTimeout from './patterns/sessions/no-statement-timeout.js';
import sessionsPreparedOnce from './patterns/sessions/prepared-once.js';
import transactionsChattyTransaction from './patterns/transactions/chatty-transaction.js';
import transactionsIdleInTransaction from './patterns/transactions/idle-in-transaction.js';
import transactionsLockOrder from './patterns/transactions/lock-order.js';
import transactionsPerRowCommit from './patterns/transactions/per-row-commit.js';
import transactionsRowByRowWrite from './patterns/transactions/row-by-row-write.js';
import transactionsSelectThenInsert from './patterns/transactions/select-then-insert.js';

/** Every pattern of use, sorted by id. */
export const catalogue: readonly Pattern[] = [
  readsDeepOffset,
  readsNPlusOne,
  readsRepeatedRead,
  readsSelectStar,
  readsUnboundedResult,
  sessionsConnectionChurn,
  sessionsNoStatementTimeout,
  sessionsPreparedOnce,
  transactionsChattyTransaction,
  transactionsIdleInTransaction,
  transactionsLockOrder,
  transactionsPerRowCommit,
  transactionsRowByRowWrite,
  transactionsSelectThenInsert,
];
