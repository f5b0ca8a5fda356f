-- Who held which license when.
SELECT
    user_id,
    sku_id,
    licensed,
    status,
    assigned_at,
    valid_from AS valid_from_at,
    valid_to AS valid_to_at
FROM license_assignments
WHERE {people}
ORDER BY user_id, valid_from, sku_id
