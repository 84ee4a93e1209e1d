-- A log that was made anew uses its offsets again: with its append time a record is itself, and one that is read again is known.
alter table dead_letter drop constraint dead_letter_topic_partition_offset_key;
alter table dead_letter add unique (topic, partition, "offset", appended_at);
