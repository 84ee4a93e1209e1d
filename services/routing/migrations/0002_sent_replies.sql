-- Of replies only that they reached the customer matters here: each stops a clock once.
create table sent_reply (
    id      uuid primary key,
    brand   text not null,
    case_id uuid not null
);
insert into sent_reply (id, brand, case_id) select id, brand, case_id from reply_copy where state = 'sent';
drop table reply_copy;

-- Pages are read by brand and seq; nothing reads cases by seq alone or by customer.
alter table care_case drop constraint care_case_seq_key;
drop index care_case_brand_customer_id_idx;
create index on care_case (brand, seq);
