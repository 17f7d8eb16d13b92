"""Functions and triggers of PostgreSQL that keep what complaints are searched by (0013_search).

All text of a complaint is one tsvector: its words as they are written, without case and accents, with their places
(for phrases and rank), and beside them, without places, their stems in the language of the text. Weights: A subject,
product, name; B what the complainant wanted; C messages; D what we keep to ourselves.
"""

# By these the parser would see hosts, addresses, tags, numbers with a sign.
SIGNS = "<>/@.:&_-+"
EDGE = "xqxq"  # a word between texts, so that no "phrase" reaches from one into the next
FUNCTIONS = r"""
CREATE FUNCTION complaints_search_plain(body text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN octet_length(body) = length(body) THEN {ascii} ELSE {other} END
$$; -- one expression, so that it is taken into whatever calls it

CREATE FUNCTION complaints_search_fold(body text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN octet_length(body) = length(body) THEN body ELSE {unaccent} END
$$;

CREATE FUNCTION complaints_search_piece(body text, language text, weight "char") RETURNS tsvector
LANGUAGE plpgsql STABLE AS $$
DECLARE
    plain text;
    words tsvector;
BEGIN
    IF body IS NULL OR body = '' THEN
        RETURN ''::tsvector;
    END IF;
    plain := complaints_search_plain(body);
    words := setweight(to_tsvector('pg_catalog.simple', complaints_search_fold(plain) || ' {edge}'), weight);
    RETURN CASE left(language, 2)
        WHEN 'en' THEN words || strip(to_tsvector('pg_catalog.english', plain))
        WHEN 'es' THEN words || strip(to_tsvector('pg_catalog.spanish', plain))
        WHEN 'pt' THEN words || strip(to_tsvector('pg_catalog.portuguese', plain))
        WHEN 'it' THEN words || strip(to_tsvector('pg_catalog.italian', plain))
        WHEN 'ru' THEN words || strip(to_tsvector('pg_catalog.russian', plain))
        ELSE words
    END;
END $$;

CREATE FUNCTION complaints_search_join(these tsvector, those tsvector) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN these || those;
EXCEPTION WHEN program_limit_exceeded THEN -- a megabyte of different words: what came first stays
    RETURN these;
END $$;

CREATE AGGREGATE complaints_search_all(tsvector) (
    SFUNC = complaints_search_join, STYPE = tsvector, INITCOND = ''
);

CREATE FUNCTION complaints_search_keys(reference text, order_number text, external_id text, lot text)
RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT upper(concat_ws(' ', reference, replace(reference, '-', ''), nullif(order_number, ''),
        nullif(external_id, ''), nullif(lot, '')))
$$;

CREATE FUNCTION complaints_search_built(wanted bigint[])
RETURNS TABLE (complaint_id bigint, keys text, words tsvector) LANGUAGE sql STABLE AS $$
    SELECT c.id, complaints_search_keys(c.reference, c.order_number, c.external_id, c.lot),
        complaints_search_join(
            complaints_search_piece(concat_ws(' {edge} ', c.subject, nullif(c.product, '')), c.language, 'A')
            || complaints_search_piece(k.name_key, '', 'A')
            || complaints_search_piece(
                concat_ws(' {edge} ', n.description, nullif(n.expectation, ''), nullif(n.remedy_sought, '')), c.language, 'B')
            || complaints_search_piece(concat_ws(' {edge} ', nullif(n.summary, ''), nullif(n.late_note, '')), c.language, 'D'),
            complaints_search_join(
                (SELECT complaints_search_all(complaints_search_piece(m.body, c.language, 'C') ORDER BY m.id)
                 FROM complaints_message m WHERE m.complaint_id = c.id),
                (SELECT complaints_search_all(
                    complaints_search_piece(o.body, coalesce(nullif(u.language, ''), c.language), 'D') ORDER BY o.id)
                 FROM complaints_note o LEFT JOIN core_user u ON u.id = o.author_id WHERE o.complaint_id = c.id)))
    FROM complaints_complaint c
    JOIN complaints_narrative n ON n.complaint_id = c.id
    LEFT JOIN retention_customer k ON k.id = c.customer_id
    WHERE c.id = ANY (wanted)
$$;

CREATE FUNCTION complaints_search_put(wanted bigint[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO complaints_searchtext AS held (complaint_id, keys, words)
    SELECT * FROM complaints_search_built(wanted)
    ON CONFLICT (complaint_id) DO UPDATE SET keys = EXCLUDED.keys, words = EXCLUDED.words
    WHERE (held.keys, held.words) IS DISTINCT FROM (EXCLUDED.keys, EXCLUDED.words)
$$;

CREATE FUNCTION complaints_search_later() RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(current_setting('amends.search_later', true), '') = 'on'
$$;
"""
ON_CHANGE = r"""
CREATE FUNCTION complaints_search_filed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT complaints_search_later() THEN
        PERFORM complaints_search_put(array(SELECT complaint_id FROM added));
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION complaints_search_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM complaints_searchtext WHERE complaint_id IN (SELECT complaint_id FROM gone);
    RETURN NULL;
END $$;

CREATE FUNCTION complaints_search_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT complaints_search_later() THEN
        UPDATE complaints_searchtext held SET words = complaints_search_join(held.words, fresh.words)
        FROM (SELECT m.complaint_id,
                complaints_search_all(complaints_search_piece(m.body, c.language, 'C') ORDER BY m.id) AS words
            FROM added m JOIN complaints_complaint c ON c.id = m.complaint_id GROUP BY m.complaint_id) fresh
        WHERE held.complaint_id = fresh.complaint_id;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION complaints_search_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT complaints_search_later() THEN
        UPDATE complaints_searchtext held SET words = complaints_search_join(held.words, fresh.words)
        FROM (SELECT o.complaint_id, complaints_search_all(
                complaints_search_piece(o.body, coalesce(nullif(u.language, ''), c.language), 'D') ORDER BY o.id) AS words
            FROM added o JOIN complaints_complaint c ON c.id = o.complaint_id
            LEFT JOIN core_user u ON u.id = o.author_id GROUP BY o.complaint_id) fresh
        WHERE held.complaint_id = fresh.complaint_id;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION complaints_search_less() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT complaints_search_later() THEN
        PERFORM complaints_search_put(array(SELECT DISTINCT complaint_id FROM gone));
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION complaints_search_reworded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT complaints_search_later() THEN
        PERFORM complaints_search_put(ARRAY[OLD.complaint_id, NEW.complaint_id]);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION complaints_search_amended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT complaints_search_later() THEN
        PERFORM complaints_search_put(ARRAY[NEW.id]);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION complaints_search_renamed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT complaints_search_later() THEN
        PERFORM complaints_search_put(array(SELECT id FROM complaints_complaint WHERE customer_id = NEW.id));
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER complaints_search_filed AFTER INSERT ON complaints_narrative
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION complaints_search_filed();
CREATE TRIGGER complaints_search_gone AFTER DELETE ON complaints_narrative
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION complaints_search_gone();
CREATE TRIGGER complaints_search_reworded AFTER UPDATE ON complaints_narrative
    FOR EACH ROW WHEN ((OLD.description, OLD.expectation, OLD.remedy_sought, OLD.summary, OLD.late_note)
        IS DISTINCT FROM (NEW.description, NEW.expectation, NEW.remedy_sought, NEW.summary, NEW.late_note))
    EXECUTE FUNCTION complaints_search_reworded();
CREATE TRIGGER complaints_search_amended
    AFTER UPDATE OF reference, subject, product, lot, order_number, external_id, language, customer_id
    ON complaints_complaint FOR EACH ROW
    WHEN ((OLD.reference, OLD.subject, OLD.product, OLD.lot, OLD.order_number, OLD.external_id, OLD.language)
        IS DISTINCT FROM (NEW.reference, NEW.subject, NEW.product, NEW.lot, NEW.order_number, NEW.external_id, NEW.language)
        OR OLD.customer_id IS DISTINCT FROM NEW.customer_id)
    EXECUTE FUNCTION complaints_search_amended();
CREATE TRIGGER complaints_search_renamed AFTER UPDATE OF name_key ON retention_customer
    FOR EACH ROW WHEN (OLD.name_key IS DISTINCT FROM NEW.name_key) EXECUTE FUNCTION complaints_search_renamed();
"""
ON_TALK = r"""
CREATE TRIGGER complaints_search_added AFTER INSERT ON {table}
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION {function}();
CREATE TRIGGER complaints_search_less AFTER DELETE ON {table}
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION complaints_search_less();
CREATE TRIGGER complaints_search_reworded AFTER UPDATE OF body, complaint_id ON {table}
    FOR EACH ROW WHEN (OLD.body IS DISTINCT FROM NEW.body OR OLD.complaint_id IS DISTINCT FROM NEW.complaint_id)
    EXECUTE FUNCTION complaints_search_reworded();
"""
TALK = {"complaints_message": "complaints_search_message", "complaints_note": "complaints_search_note"}
TRIGGERS = {
    "complaints_narrative": ("filed", "gone", "reworded"),
    "complaints_complaint": ("amended",),
    "retention_customer": ("renamed",),
    "complaints_message": ("added", "less", "reworded"),
    "complaints_note": ("added", "less", "reworded"),
}
OWN_FUNCTIONS = (
    "filed()",
    "gone()",
    "message()",
    "note()",
    "less()",
    "reworded()",
    "amended()",
    "renamed()",
    "later()",
    "put(bigint[])",
    "built(bigint[])",
    "keys(text, text, text, text)",
    "join(tsvector, tsvector)",
    'piece(text, text, "char")',
    "fold(text)",
    "plain(text)",
)  # fmt: skip; in this order each is free of those before it
# Without a dictionary of accents: the letters of our languages.
ACCENTS = ("áàâãäåéèêëíìîïóòôõöøúùûüýÿçñšžğışł", "aaaaaaeeeeiiiioooooouuuuyycnszgisl")
FOLDED = "translate(body, '{}', '{}')".format(*ACCENTS)


def functions(*, unaccent_schema: str | None, collation: str) -> str:
    """The functions. `unaccent_schema`: where that extension lies, None without it; `collation`: for small letters."""
    unaccent = (
        f"translate({unaccent_schema}.unaccent('{unaccent_schema}.unaccent'::regdictionary, body), '/', ' ')"
        if unaccent_schema
        else FOLDED
    )
    collate = f' COLLATE "{collation}"' if collation else ""
    values = {
        "{ascii}": f"lower({_without_signs('left(body, 50000)')})",
        "{other}": f"replace(lower({_without_signs('normalize(left(body, 50000), NFC)')}{collate}), 'ё', 'е')",
        "{unaccent}": unaccent,
        "{edge}": EDGE,
    }
    sql = FUNCTIONS
    for mark, value in values.items():
        sql = sql.replace(mark, value)
    return sql


def _without_signs(text: str) -> str:
    """`replace` after `replace`: a fifth of the time of one `translate`."""
    for sign in SIGNS:
        text = f"replace({text}, '{sign}', ' ')"
    return text


def triggers() -> str:
    talk = "".join(ON_TALK.format(table=table, function=function) for table, function in TALK.items())
    return ON_CHANGE + talk
