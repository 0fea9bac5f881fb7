-- A format whose rendering failed for good has a row without bytes.
alter table meeting_files alter column bytes drop not null;
