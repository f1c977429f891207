-- Who was erased: the hash of each, and the salt of the hashes.
SELECT
    erasure_salt.salt,
    array_remove(array_agg(erased_customer.customer_hash), NULL) AS hashes
FROM clv.erasure_salt
LEFT JOIN clv.erased_customer ON TRUE
GROUP BY erasure_salt.salt;
