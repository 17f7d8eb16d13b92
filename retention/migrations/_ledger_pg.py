"""The ledger of points on PostgreSQL (retention.ledger says what it holds). Accounts are locked by their keys."""

FUNCTIONS = """
CREATE FUNCTION retention_loyalty_refuse(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'points refused: %', what USING ERRCODE = 'check_violation', CONSTRAINT = what;
END $$;

CREATE FUNCTION retention_loyalty_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.source <> 'demo' AND NOT EXISTS (
            SELECT 1 FROM retention_externalid WHERE customer_id = OLD.customer_id AND source = 'demo'
        ) THEN PERFORM retention_loyalty_refuse('loyalty_entry_is_kept'); END IF;
        RETURN OLD;
    END IF;
    IF (OLD.points, OLD.kind, OLD.key, OLD.source, OLD.complaint_reference, OLD.at, OLD.by_id, OLD.created_at)
       IS DISTINCT FROM
       (NEW.points, NEW.kind, NEW.key, NEW.source, NEW.complaint_reference, NEW.at, NEW.by_id, NEW.created_at)
    THEN PERFORM retention_loyalty_refuse('loyalty_entry_is_kept'); END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION retention_loyalty_book(customers bigint[], changes bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR place IN 1 .. coalesce(array_length(customers, 1), 0) LOOP
        INSERT INTO retention_loyaltyaccount (customer_id, balance) VALUES (customers[place], 0)
        ON CONFLICT (customer_id) DO NOTHING;
        UPDATE retention_loyaltyaccount SET balance = balance + changes[place] WHERE customer_id = customers[place];
    END LOOP;
END $$;

CREATE FUNCTION retention_loyalty_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM retention_loyalty_book(array_agg(customer_id ORDER BY customer_id), array_agg(points ORDER BY customer_id))
    FROM (SELECT customer_id, sum(points) AS points FROM fresh GROUP BY customer_id) AS changed;
    RETURN NULL;
END $$;

CREATE FUNCTION retention_loyalty_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM retention_loyalty_book(array_agg(customer_id ORDER BY customer_id), array_agg(points ORDER BY customer_id))
    FROM (
        SELECT customer_id, sum(points) AS points FROM (
            SELECT customer_id, points FROM fresh UNION ALL SELECT customer_id, -points FROM gone
        ) AS both_sides GROUP BY customer_id HAVING sum(points) <> 0
    ) AS changed;
    RETURN NULL;
END $$;

CREATE FUNCTION retention_loyalty_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM retention_loyalty_book(array_agg(customer_id ORDER BY customer_id), array_agg(points ORDER BY customer_id))
    FROM (SELECT customer_id, -sum(points) AS points FROM gone GROUP BY customer_id) AS changed;
    RETURN NULL;
END $$;

CREATE FUNCTION retention_loyalty_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() > 1 THEN RETURN coalesce(NEW, OLD); END IF;  -- the ledger itself
    IF TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT 1 FROM retention_loyaltyentry WHERE customer_id = OLD.customer_id)
        THEN PERFORM retention_loyalty_refuse('loyalty_balance_is_counted'); END IF;
        RETURN OLD;
    END IF;
    IF TG_OP = 'INSERT' AND NEW.balance <> 0
       OR TG_OP = 'UPDATE' AND (NEW.balance, NEW.customer_id) IS DISTINCT FROM (OLD.balance, OLD.customer_id)
    THEN PERFORM retention_loyalty_refuse('loyalty_balance_is_counted'); END IF;
    RETURN NEW;
END $$;
"""

TRIGGERS = """
CREATE TRIGGER retention_loyalty_kept BEFORE UPDATE OR DELETE ON retention_loyaltyentry
    FOR EACH ROW EXECUTE FUNCTION retention_loyalty_kept();
CREATE TRIGGER retention_loyalty_added AFTER INSERT ON retention_loyaltyentry
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION retention_loyalty_added();
CREATE TRIGGER retention_loyalty_moved AFTER UPDATE ON retention_loyaltyentry
    REFERENCING OLD TABLE AS gone NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION retention_loyalty_moved();
CREATE TRIGGER retention_loyalty_removed AFTER DELETE ON retention_loyaltyentry
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION retention_loyalty_removed();
CREATE TRIGGER retention_loyalty_balance BEFORE INSERT OR UPDATE OR DELETE ON retention_loyaltyaccount
    FOR EACH ROW EXECUTE FUNCTION retention_loyalty_balance();
"""

DOWN = """
DROP TRIGGER IF EXISTS retention_loyalty_balance ON retention_loyaltyaccount;
DROP TRIGGER IF EXISTS retention_loyalty_removed ON retention_loyaltyentry;
DROP TRIGGER IF EXISTS retention_loyalty_moved ON retention_loyaltyentry;
DROP TRIGGER IF EXISTS retention_loyalty_added ON retention_loyaltyentry;
DROP TRIGGER IF EXISTS retention_loyalty_kept ON retention_loyaltyentry;
DROP FUNCTION IF EXISTS retention_loyalty_balance();
DROP FUNCTION IF EXISTS retention_loyalty_removed();
DROP FUNCTION IF EXISTS retention_loyalty_moved();
DROP FUNCTION IF EXISTS retention_loyalty_added();
DROP FUNCTION IF EXISTS retention_loyalty_book(bigint[], bigint[]);
DROP FUNCTION IF EXISTS retention_loyalty_kept();
DROP FUNCTION IF EXISTS retention_loyalty_refuse(text);
"""
