-- The subscriptions with Copilot, as they were seen last.
-- Each sync keeps a line for each subscription that there is: what the last one did not see is gone.
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
        has_copilot_chat,
        enabled,
        consumed,
        suspended,
        warning,
        locked_out,
        rank() OVER (PARTITION BY tenant_id ORDER BY observed_at DESC) AS place
    FROM licenses
    WHERE {people}
) AS seen
WHERE place = 1 AND has_copilot_chat
ORDER BY sku_id
