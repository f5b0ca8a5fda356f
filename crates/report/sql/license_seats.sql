-- The subscriptions with Copilot, as they were seen last.
SELECT
    sku_id,
    sku_part_number,
    enabled,
    consumed,
    suspended,
    warning,
    locked_out
FROM (
    SELECT
        sku_id,
        sku_part_number,
        enabled,
        consumed,
        suspended,
        warning,
        locked_out,
        row_number() OVER (PARTITION BY tenant_id, sku_id ORDER BY observed_at DESC) AS place
    FROM licenses
    WHERE {people} AND has_copilot_chat
) AS seen
WHERE place = 1
ORDER BY sku_id
