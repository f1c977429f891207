-- Who was erased: the hash of each, and the salt of the hashes.
SELECT
    erasure_salt.salt,
    ARRAY(SELECT erased_customer.customer_hash FROM clv.erased_customer) AS hashes
FROM clv.erasure_salt;
