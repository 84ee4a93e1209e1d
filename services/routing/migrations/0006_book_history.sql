-- Why a version of a brand book was published, in its publisher's words, and which top-level fields it changed.
alter table brand_book
    add column note   text,
    add column fields text[] not null default '{}';

update brand_book b
set fields = array(
    select coalesce(n.key, o.key)
    from jsonb_each(b.book) n
    full join jsonb_each((select p.book from brand_book p where p.brand = b.brand and p.version = b.version - 1)) o on o.key = n.key
    where n.value is distinct from o.value
    order by 1);
