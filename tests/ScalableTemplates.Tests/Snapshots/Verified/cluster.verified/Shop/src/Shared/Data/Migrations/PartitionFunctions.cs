namespace Shop.Shared.Data.Migrations;

/// <summary>
/// Creates and drops partitions in the database, with the privileges of the tables' owner (SECURITY DEFINER). Services can only
/// trigger what is due according to <c>partition_policies</c>, which they cannot modify, and the server's clock.
/// </summary>
internal static class PartitionFunctions
{
    public const string Create =
        """
        CREATE TABLE partition_policies (
            table_name text CONSTRAINT pk_partition_policies PRIMARY KEY,
            key_column text NOT NULL,
            period text NOT NULL CONSTRAINT ck_partition_policies_period CHECK (period IN ('day', 'month')),
            periods_ahead integer NOT NULL,
            retention interval,
            keep_rows boolean NOT NULL
        );
        """
        + Uuid7 + CreatePartition + CreateNext + DropExpired + Repair + Secure;

    public const string Drop =
        """
        DROP PROCEDURE repair_partitions;
        DROP FUNCTION drop_expired_partition, create_next_partition, create_partition, uuid7_time, uuid7_min;
        DROP TABLE partition_policies;
        """;

    // The first 48 bits of a UUIDv7 are the Unix time in milliseconds (RFC 9562, section 5.7). All times are UTC.
    private const string Uuid7 =
        """

        CREATE FUNCTION uuid7_min(moment timestamp) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
            SELECT rpad(lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0'), 32, '0')::uuid
        $$;
        CREATE FUNCTION uuid7_time(id uuid) RETURNS timestamp LANGUAGE sql IMMUTABLE AS $$
            SELECT timestamp 'epoch' + ('x0000' || left(replace(id::text, '-', ''), 12))::bit(64)::bigint * interval '1 ms'
        $$;

        """;

    // ATTACH PARTITION does not block reads and writes of the other partitions; CREATE TABLE ... PARTITION OF would. Attaching scans
    // the default partition under an ACCESS EXCLUSIVE lock, so that must stay empty: partitions are created ahead of their rows.
    private const string CreatePartition =
        """
        CREATE FUNCTION create_partition(table_name text, period text, start timestamp) RETURNS text LANGUAGE plpgsql AS $$
            DECLARE
                name text := format('%s_%s', table_name, to_char(start, CASE period WHEN 'day' THEN 'YYYYMMDD' ELSE 'YYYYMM' END));
            BEGIN
                IF EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass(quote_ident(name))) THEN
                    RETURN NULL;
                END IF;
                EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', name, table_name);
                EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                    table_name, name, uuid7_min(start), uuid7_min(start + ('1 ' || period)::interval));
                RETURN name;
            END $$;

        """;

    // Latest period first: rows in the default partition that prevent today's partition do not prevent tomorrow's. A few such rows,
    // inserted just after a week without a worker, are moved immediately; moving many would block writes for long.
    private const string CreateNext =
        """
        CREATE FUNCTION create_next_partition() RETURNS text
            LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '2s' AS $$
            DECLARE
                due record;
                name text;
                in_the_way bigint;
            BEGIN
                FOR due IN
                    SELECT policy.table_name, policy.period, date_trunc(policy.period, now() AT TIME ZONE 'UTC') + ahead * ('1 ' || policy.period)::interval AS start
                    FROM partition_policies policy, generate_series(0, policy.periods_ahead) ahead
                    ORDER BY start DESC
                LOOP
                    name := create_partition(due.table_name, due.period, due.start);
                    IF name IS NOT NULL THEN
                        RETURN name;
                    END IF;
                END LOOP;
                RETURN NULL;
            EXCEPTION WHEN check_violation THEN
                EXECUTE format('SELECT count(*) FROM (SELECT FROM %I LIMIT 10001) few', due.table_name || '_default') INTO in_the_way;
                IF in_the_way <= 10000 THEN
                    CALL repair_partitions();
                    RETURN due.table_name || '_default';
                END IF;
                RAISE EXCEPTION 'Partition of % for % not created: rows of its range are in the default partition. As the owner: CALL repair_partitions()',
                    due.table_name, due.start USING ERRCODE = 'check_violation';
            END $$;

        """;

    private const string DropExpired =
        """
        CREATE FUNCTION drop_expired_partition() RETURNS text
            LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '2s' AS $$
            DECLARE
                expired record;
            BEGIN
                SELECT policy.table_name, policy.keep_rows, relname AS name INTO expired
                FROM partition_policies policy
                    JOIN pg_inherits ON inhparent = to_regclass(quote_ident(policy.table_name))
                    JOIN pg_class ON pg_class.oid = inhrelid,
                    substr(relname, length(policy.table_name) + 2) suffix
                WHERE CASE WHEN suffix ~ '^\d{6}(\d\d)?$' THEN
                    to_date(rpad(suffix, 8, '01'), 'YYYYMMDD') + ('1 ' || policy.period)::interval <= now() AT TIME ZONE 'UTC' - policy.retention END
                LIMIT 1;
                IF NOT FOUND THEN
                    RETURN NULL;
                END IF;
                EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', expired.table_name, expired.name);
                IF NOT expired.keep_rows THEN
                    EXECUTE format('DROP TABLE %I', expired.name);
                END IF;
                RETURN expired.name;
            END $$;

        """;

    // Blocks writes while it runs. Rows past their retention stay in the default partition, because their own would be dropped immediately.
    private const string Repair =
        """
        CREATE PROCEDURE repair_partitions() LANGUAGE plpgsql SET lock_timeout = '2s' AS $$
            DECLARE
                policy record;
                first_kept uuid;
                start timestamp;
            BEGIN
                FOR policy IN SELECT *, table_name || '_default' AS rest FROM partition_policies
                    WHERE to_regclass(quote_ident(table_name || '_default')) IS NOT NULL
                LOOP
                    first_kept := uuid7_min(date_trunc(policy.period, now() AT TIME ZONE 'UTC' - coalesce(policy.retention, '0')));
                    EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', policy.table_name);
                    EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', policy.table_name, policy.rest);
                    FOR start IN EXECUTE format('SELECT DISTINCT date_trunc(%L, uuid7_time(%I)) FROM %I WHERE %I >= %L',
                        policy.period, policy.key_column, policy.rest, policy.key_column, first_kept)
                    LOOP
                        PERFORM create_partition(policy.table_name, policy.period, start);
                    END LOOP;
                    EXECUTE format('WITH moved AS (DELETE FROM %I WHERE %I >= %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
                        policy.rest, policy.key_column, first_kept, policy.table_name);
                    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I DEFAULT', policy.table_name, policy.rest);
                END LOOP;
            END $$;

        """;

    // Fixes the search path: otherwise, a caller could shadow partition_policies with a temporary table.
    private const string Secure =
        """
        DO $$
            DECLARE
                routine regprocedure;
            BEGIN
                FOREACH routine IN ARRAY ARRAY['create_next_partition()', 'drop_expired_partition()', 'repair_partitions()', 'create_partition(text, text, timestamp)']::regprocedure[]
                LOOP
                    EXECUTE format('ALTER ROUTINE %s SET search_path = %I, pg_temp', routine, current_schema());
                    EXECUTE format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', routine);
                END LOOP;
            END $$;
        """;
}
