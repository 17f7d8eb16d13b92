"""The guard of remedies on PostgreSQL (complaints.authority.guard says what it holds). Locks as in authority.locks."""

FUNCTIONS = """
CREATE FUNCTION complaints_remedy_refuse(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'remedy refused: %', what USING ERRCODE = 'check_violation', CONSTRAINT = what;
END $$;

CREATE FUNCTION complaints_remedy_start(period text, day date) RETURNS date LANGUAGE sql IMMUTABLE AS $$
    SELECT date_trunc(period, day::timestamp)::date
$$;

CREATE FUNCTION complaints_remedy_weigh(r complaints_remedy, l complaints_authoritylimit, head bigint, customer bigint,
                                        refusal text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    first date := complaints_remedy_start(l.period, r.decided_on);
    behind date := (first + CASE l.period WHEN 'quarter' THEN interval '3 months' ELSE ('1 ' || l.period)::interval END)::date;
BEGIN
    IF l.per_complaint IS NOT NULL AND l.per_complaint < (
        SELECT sum(o.amount) FROM complaints_remedy o JOIN complaints_complaint c ON c.id = o.complaint_id
        WHERE (c.id = head OR c.merged_into_id = head) AND o.status = 'granted' AND o.currency = r.currency
          AND l.kind IN ('', o.kind)
    ) THEN PERFORM complaints_remedy_refuse(refusal); END IF;
    IF l.per_customer IS NOT NULL AND customer IS NOT NULL AND l.per_customer < (
        SELECT sum(o.amount) FROM complaints_remedy o JOIN complaints_complaint c ON c.id = o.complaint_id
        WHERE c.customer_id = customer AND o.status = 'granted' AND o.currency = r.currency AND l.kind IN ('', o.kind)
          AND o.decided_on >= first AND o.decided_on < behind
    ) THEN PERFORM complaints_remedy_refuse(refusal); END IF;
    IF l.holder <> 'cap' AND l.per_period IS NOT NULL AND l.per_period < (
        SELECT sum(o.amount) FROM complaints_remedy o
        WHERE o.decided_by_id = r.decided_by_id AND o.status = 'granted' AND o.currency = r.currency
          AND o.amount IS NOT NULL AND l.kind IN ('', o.kind) AND o.decided_on >= first AND o.decided_on < behind
    ) THEN PERFORM complaints_remedy_refuse(refusal); END IF;
END $$;

CREATE FUNCTION complaints_remedy_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    current_version bigint;
    customer bigint;
    head bigint;
    own complaints_authoritylimit;
    cap complaints_authoritylimit;
    charged record;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (OLD.status IN ('rejected', 'withdrawn', 'revoked') AND NEW.status <> OLD.status)
           OR (OLD.status = 'granted' AND NEW.status NOT IN ('granted', 'revoked'))
           OR (OLD.status = 'granted' AND
               (OLD.complaint_id, OLD.kind, OLD.amount, OLD.currency, OLD.charge_id, OLD.decided_by_id, OLD.decided_on)
               IS DISTINCT FROM
               (NEW.complaint_id, NEW.kind, NEW.amount, NEW.currency, NEW.charge_id, NEW.decided_by_id, NEW.decided_on))
        THEN PERFORM complaints_remedy_refuse('remedy_is_decided'); END IF;
        IF OLD.status = 'granted' THEN RETURN NULL; END IF;
    END IF;
    IF NEW.status <> 'granted' OR NEW.amount IS NULL THEN RETURN NULL; END IF;

    PERFORM pg_advisory_xact_lock_shared(77001, 0);
    PERFORM 1 FROM complaints_complaint WHERE id IN (
        SELECT unnest(ARRAY[c.id, c.merged_into_id]) FROM complaints_complaint c WHERE c.id = NEW.complaint_id
    ) ORDER BY id FOR UPDATE;
    SELECT c.customer_id, coalesce(c.merged_into_id, c.id) INTO customer, head
      FROM complaints_complaint c WHERE c.id = NEW.complaint_id;
    IF customer IS NOT NULL THEN PERFORM pg_advisory_xact_lock(77002, (customer % 2147483647)::int); END IF;
    PERFORM pg_advisory_xact_lock(77003, (NEW.decided_by_id % 2147483647)::int);
    IF NEW.charge_id IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(77004, (NEW.charge_id % 2147483647)::int);
    END IF;

    SELECT id INTO current_version FROM complaints_authorityversion
     WHERE published_at IS NOT NULL ORDER BY number DESC LIMIT 1;
    SELECT l.* INTO own FROM complaints_authoritylimit l
     WHERE l.id = NEW.authority_id AND l.version_id = current_version
       AND l.kind IN ('', NEW.kind) AND l.currency IN ('', NEW.currency)
       AND EXISTS (
           SELECT 1 FROM core_user u WHERE u.id = NEW.decided_by_id AND (
               (l.holder = 'person' AND l.person_id = u.id)
               OR (l.holder = 'team' AND l.team_id = u.team_id)
               OR (l.holder = 'role' AND (
                   (l.role = 'agent' AND u.is_agent) OR (l.role = 'manager' AND u.is_manager)
                   OR (l.role = 'admin' AND u.is_admin)
                   OR (l.role = 'lead' AND EXISTS (
                       SELECT 1 FROM core_team t WHERE t.lead_id = u.id AND t.is_active))))));
    IF NOT FOUND THEN PERFORM complaints_remedy_refuse('remedy_without_authority'); END IF;
    PERFORM complaints_remedy_weigh(NEW, own, head, customer, 'remedy_above_limit');
    FOR cap IN
        SELECT l.* FROM complaints_authoritylimit l
         WHERE l.version_id = current_version AND l.holder = 'cap'
           AND l.kind IN ('', NEW.kind) AND l.currency IN ('', NEW.currency)
           AND NOT (l.currency = '' AND EXISTS (
               SELECT 1 FROM complaints_authoritylimit n WHERE n.version_id = l.version_id AND n.holder = 'cap'
                  AND n.kind = l.kind AND n.currency <> '' AND n.currency = NEW.currency))
    LOOP
        PERFORM complaints_remedy_weigh(NEW, cap, head, customer, 'remedy_above_cap');
    END LOOP;
    IF NEW.charge_id IS NOT NULL THEN
        SELECT g.amount, g.currency INTO charged FROM retention_charge g WHERE g.id = NEW.charge_id;
        IF charged.currency <> NEW.currency OR charged.amount < (
            SELECT sum(o.amount) FROM complaints_remedy o
             WHERE o.charge_id = NEW.charge_id AND o.status = 'granted' AND o.kind = 'refund'
        ) THEN PERFORM complaints_remedy_refuse('remedy_above_charge'); END IF;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION complaints_limit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD IS DISTINCT FROM NEW AND EXISTS (
               SELECT 1 FROM complaints_authorityversion v
                WHERE v.id IN (OLD.version_id, NEW.version_id) AND v.published_at IS NOT NULL)
    THEN PERFORM complaints_remedy_refuse('limit_is_published'); END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION complaints_authority_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at IS NOT NULL
       AND (OLD.published_at, OLD.number) IS DISTINCT FROM (NEW.published_at, NEW.number)
    THEN PERFORM complaints_remedy_refuse('authority_is_published'); END IF;
    RETURN NULL;
END $$;
"""

TRIGGERS = """
CREATE TRIGGER complaints_remedy_guard AFTER INSERT OR UPDATE ON complaints_remedy
    FOR EACH ROW EXECUTE FUNCTION complaints_remedy_guard();
CREATE TRIGGER complaints_limit_guard AFTER UPDATE ON complaints_authoritylimit
    FOR EACH ROW EXECUTE FUNCTION complaints_limit_guard();
CREATE TRIGGER complaints_authority_guard AFTER UPDATE ON complaints_authorityversion
    FOR EACH ROW EXECUTE FUNCTION complaints_authority_guard();
"""

DOWN = """
DROP TRIGGER IF EXISTS complaints_remedy_guard ON complaints_remedy;
DROP TRIGGER IF EXISTS complaints_limit_guard ON complaints_authoritylimit;
DROP TRIGGER IF EXISTS complaints_authority_guard ON complaints_authorityversion;
DROP FUNCTION IF EXISTS complaints_remedy_guard, complaints_limit_guard, complaints_authority_guard,
    complaints_remedy_weigh, complaints_remedy_start, complaints_remedy_refuse;
"""
