"""The functions through which the application moves partitions of the event table without owning it.

Each runs by the right of the tables' owner and takes only names of that table's partitions, so that the
application's role needs no right to make, change or drop tables (threats.md, T34, S-34). A partition is
dropped only when each event in it is before the limit given for its connection: no more than DELETE can do.
"""

FUNCTIONS = """
CREATE OR REPLACE FUNCTION webhooks_partition_named(part text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF part IS NULL OR part !~ '^webhooks_event_([0-9]{8}|before|beyond)$' THEN
        RAISE EXCEPTION '% is no partition of the event table.', part
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN format('public.%I', part);
END $$;

CREATE OR REPLACE FUNCTION webhooks_partition_range(low bigint, high bigint) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT 'FOR VALUES FROM (' || coalesce(low::text, 'MINVALUE') || ') TO ('
        || coalesce(high::text, 'MAXVALUE') || ')'
$$;

CREATE OR REPLACE FUNCTION webhooks_partition_add(part text, low bigint, high bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    EXECUTE 'CREATE TABLE ' || webhooks_partition_named(part) || ' PARTITION OF public.webhooks_event '
        || webhooks_partition_range(low, high);
END $$;

CREATE OR REPLACE FUNCTION webhooks_partition_attach(part text, low bigint, high bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    EXECUTE 'ALTER TABLE public.webhooks_event ATTACH PARTITION ' || webhooks_partition_named(part) || ' '
        || webhooks_partition_range(low, high);
END $$;

CREATE OR REPLACE FUNCTION webhooks_partition_detach(part text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    EXECUTE 'ALTER TABLE public.webhooks_event DETACH PARTITION ' || webhooks_partition_named(part);
END $$;

CREATE OR REPLACE FUNCTION webhooks_partition_rename(part text, name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM webhooks_partition_named(name);
    EXECUTE 'ALTER TABLE ' || webhooks_partition_named(part) || ' RENAME TO ' || quote_ident(name);
END $$;

CREATE OR REPLACE FUNCTION webhooks_partition_drop(part text, connections uuid[], limits bigint[])
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE kept boolean;
BEGIN
    EXECUTE 'SELECT EXISTS (SELECT 1 FROM (SELECT connection_id, max(id) AS newest FROM '
        || webhooks_partition_named(part) || ' GROUP BY connection_id) AS held '
        || 'LEFT JOIN unnest($1, $2) AS going (connection, kept) ON going.connection = held.connection_id '
        || 'WHERE going.kept IS NULL OR held.newest >= going.kept)' INTO kept USING connections, limits;
    IF kept THEN
        RAISE EXCEPTION 'The partition % holds events that are kept.', part
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    EXECUTE 'DROP TABLE ' || webhooks_partition_named(part);
END $$;

REVOKE EXECUTE ON FUNCTION webhooks_partition_add(text, bigint, bigint) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION webhooks_partition_attach(text, bigint, bigint) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION webhooks_partition_detach(text) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION webhooks_partition_rename(text, text) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION webhooks_partition_drop(text, uuid[], bigint[]) FROM PUBLIC;
"""
