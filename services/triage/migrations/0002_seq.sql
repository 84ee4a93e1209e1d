-- The index on (brand, seq) is the one that pages are read by; a second one on seq alone was only ever written.
alter table mention drop constraint mention_seq_key;
