-- The months that readers see, by the first day after each.
SELECT as_of
FROM clv.published
ORDER BY as_of;
