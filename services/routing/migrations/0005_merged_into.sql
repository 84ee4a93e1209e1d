-- A case shows the notes of those that go on in it.
create index on care_case (brand, (state_json ->> 'merged_into')) where state = 'merged';
