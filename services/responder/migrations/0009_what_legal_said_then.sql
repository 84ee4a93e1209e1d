-- What the legal department said of the case when somebody recorded that it has read this text, or that the text has its changes.
alter table reply add column legal_under text;
