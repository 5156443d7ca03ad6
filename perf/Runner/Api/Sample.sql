INSERT INTO products (id, name, price)
SELECT md5(i::text)::uuid, 'Product ' || i, 5 + i % 100
FROM generate_series(1, 1000) AS i;

INSERT INTO orders (id, customer_id, email, payment_method, total, status, lines)
SELECT
    (lpad(to_hex(1767225600000 + 36 * i), 12, '0')
        || '7' || substr(md5(i::text), 1, 3) || '8' || substr(md5(i::text), 4, 15))::uuid,
    CASE i % 100 WHEN 0 THEN 'ada' ELSE 'customer-' || i % 100 END,
    'ada@example.com', 'card', 77.77, 'Confirmed',
    jsonb_build_array(
        jsonb_build_object('ProductId', md5(i::text)::uuid, 'Quantity', 2, 'UnitPrice', 12.34),
        jsonb_build_object('ProductId', md5((i + 1)::text)::uuid, 'Quantity', 1, 'UnitPrice', 53.09))
FROM generate_series(1, 100000) AS i;

VACUUM (ANALYZE) products;
VACUUM (ANALYZE) orders;
CHECKPOINT;
