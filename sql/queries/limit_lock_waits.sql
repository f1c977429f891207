-- Until the transaction ends: give up a lock that is not free after a moment, rather than have readers wait behind it.
SET LOCAL lock_timeout = '300ms';
