-- Who was erased: the hash of each, none in a row of its own without any, and the salt of the hashes.
SELECT
    erasure_salt.salt,
    erased_customer.customer_hash
FROM clv.erasure_salt
LEFT JOIN clv.erased_customer ON TRUE;
