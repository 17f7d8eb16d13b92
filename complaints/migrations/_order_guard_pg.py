"""The guard of order values on PostgreSQL (complaints.authority.guard says what it holds).

Its trigger stands behind `complaints_remedy_guard` by its name: that one has locked the customer's sums.
"""

FUNCTION = """
CREATE FUNCTION complaints_remedy_order_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    customer bigint;
    number varchar;
    value numeric;
BEGIN
    SELECT c.customer_id, c.order_number INTO customer, number
      FROM complaints_complaint c WHERE c.id = NEW.complaint_id;
    IF customer IS NULL OR number = '' THEN RETURN NULL; END IF;
    SELECT sum(p.amount) INTO value FROM retention_purchase p
     WHERE p.customer_id = customer AND p.order_number = number AND p.kind = 'order' AND p.currency = NEW.currency;
    IF value IS NOT NULL AND value < (
        SELECT sum(o.amount) FROM complaints_remedy o
          JOIN complaints_complaint c ON c.id = o.complaint_id
          LEFT JOIN retention_charge g ON g.id = o.charge_id
         WHERE c.customer_id = customer AND o.status = 'granted' AND o.kind = 'refund' AND o.currency = NEW.currency
           AND ((o.charge_id IS NULL AND c.order_number = number) OR g.order_number = number)
    ) THEN PERFORM complaints_remedy_refuse('remedy_above_order'); END IF;
    RETURN NULL;
END $$;
"""

TRIGGERS = """
CREATE TRIGGER complaints_remedy_order_guard AFTER INSERT ON complaints_remedy FOR EACH ROW
    WHEN (NEW.status = 'granted' AND NEW.kind = 'refund' AND NEW.amount IS NOT NULL AND NEW.charge_id IS NULL)
    EXECUTE FUNCTION complaints_remedy_order_guard();
CREATE TRIGGER complaints_remedy_order_approved_guard AFTER UPDATE ON complaints_remedy FOR EACH ROW
    WHEN (NEW.status = 'granted' AND OLD.status <> 'granted' AND NEW.kind = 'refund' AND NEW.amount IS NOT NULL
          AND NEW.charge_id IS NULL)
    EXECUTE FUNCTION complaints_remedy_order_guard();
"""

DOWN = """
DROP TRIGGER IF EXISTS complaints_remedy_order_guard ON complaints_remedy;
DROP TRIGGER IF EXISTS complaints_remedy_order_approved_guard ON complaints_remedy;
DROP FUNCTION IF EXISTS complaints_remedy_order_guard;
"""
