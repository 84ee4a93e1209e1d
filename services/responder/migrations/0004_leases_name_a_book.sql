-- Version of the brand book that routing had when it decided on the lease: who knows an older one only sends nothing.
alter table brand_lease add column book_version integer not null default 0;
