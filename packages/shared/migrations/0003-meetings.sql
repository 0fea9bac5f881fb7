alter table sessions add column kind text not null default 'conversation' check (kind in ('conversation', 'meeting'));
-- How often an ended session was taken up again.
alter table sessions add column resumed integer not null default 0;
-- What the person who opened a meeting is called in it.
alter table sessions add column participant_name text;

-- One row per session of kind meeting, made by meeting-worker when it first sees it.
create table meetings (
  session_id text primary key references sessions on delete cascade,
  state text not null default 'recording' check (state in ('recording', 'writing', 'done', 'partial')),
  -- Of what the published report is made; another hash means that it is out of date.
  report_hash text,
  -- The published report (contracts/report.ts) and how often one was published.
  report jsonb,
  revision integer not null default 0,
  -- Revisions that `report.ready` was said of, and whose files are on the disk.
  announced integer not null default 0,
  filed integer not null default 0,
  -- Counts what was stored of the meeting (events, names), and up to where everything that follows from it is done.
  changed bigint not null default 1,
  seen bigint not null default 0,
  -- When the draft of this end was published; how often a model was asked in vain since, and when it will be asked again.
  draft_at timestamptz,
  tries integer not null default 0,
  retry_at timestamptz
);
create index meetings_in_work on meetings (session_id) where state in ('recording', 'writing') or changed > seen
  or announced < revision or filed < revision or retry_at is not null;

-- Level 2 (contracts/meeting.ts, chunkSchema).
create table meeting_chunks (
  session_id text not null references sessions on delete cascade,
  n integer not null,
  revision integer not null,
  input_hash text not null,
  body jsonb not null,
  primary key (session_id, n)
);

-- The published report in every format: a view of it that can be made again.
create table meeting_files (
  session_id text not null references sessions on delete cascade,
  format text not null,
  revision integer not null,
  bytes bytea not null,
  primary key (session_id, format)
);

-- How speakers are called, where somebody has said so; else the name they joined with.
create table meeting_speakers (
  session_id text not null references sessions on delete cascade,
  speaker text not null,
  name text not null,
  primary key (session_id, speaker)
);

-- Answers of models by hash of what was asked, so that work done again costs nothing and says the same.
create table meeting_answers (
  session_id text not null references sessions on delete cascade,
  request_hash text not null,
  answer jsonb not null,
  primary key (session_id, request_hash)
);

-- What a text is found by: its words' stems in French and in English, with accents and without, because neither a recogniser nor
-- a person in a hurry writes all of them. Capitals with accents are named because a database with locale C does not know them.
create function text_lower(given text) returns text language sql immutable parallel safe strict
  return translate(lower(given), 'ÀÂÄÁÃÇÉÈÊËÎÏÍÔÖÓÕÙÛÜÚŸÑŒÆ’', 'àâäáãçéèêëîïíôöóõùûüúÿñœæ''');
create function text_plain(given text) returns text language sql immutable parallel safe strict
  return replace(replace(translate(text_lower(given),
    'àâäáãçéèêëîïíôöóõùûüúÿñ', 'aaaaaceeeeiiioooouuuuyn'), 'œ', 'oe'), 'æ', 'ae');
create function text_words(given text) returns tsvector language sql immutable parallel safe strict
  return to_tsvector('french', text_lower(given)) || to_tsvector('french', text_plain(given))
    || to_tsvector('english', text_plain(given));
-- A word as it is looked for; without any node where it is a stop word of both languages.
create function text_query(given text) returns tsquery language sql immutable parallel safe strict
  return plainto_tsquery('french', text_lower(given)) || plainto_tsquery('french', text_plain(given))
    || plainto_tsquery('english', text_plain(given));
create index utterances_words on utterances using gin (text_words(text));
