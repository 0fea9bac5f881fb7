create table sessions (
  session_id text primary key,
  user_id text not null,
  scenario_id text not null,
  language text not null,
  name text,
  options jsonb not null default '{}',
  consent jsonb,
  room_name text not null unique,
  state text not null check (state in ('created', 'active', 'ended')),
  end_reason text,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  ended_at timestamptz,
  deleted_at timestamptz
);
create index sessions_by_user on sessions (user_id, created_at desc, session_id);
create index sessions_by_age on sessions (created_at desc, session_id);
create index sessions_open on sessions (created_at) where state <> 'ended';

-- Every event of every session, as it was in the Redis stream; seq is the stream's own number.
create table events (
  session_id text not null references sessions on delete cascade,
  seq integer not null,
  at timestamptz not null,
  type text not null,
  body jsonb not null,
  primary key (session_id, seq)
);

create table utterances (
  session_id text not null references sessions on delete cascade,
  utterance_id text not null,
  seq integer not null,
  speaker text not null,
  role text not null check (role in ('user', 'agent')),
  text text not null,
  start_ms integer not null,
  end_ms integer not null,
  words jsonb,
  primary key (session_id, utterance_id)
);
create index utterances_in_spoken_order on utterances (session_id, start_ms, seq);

-- The answer already given for an Idempotency-Key, so that a repeated POST opens no second session.
create table idempotency_keys (
  tenant text not null,
  key text not null,
  request_hash text not null,
  session_id text not null references sessions on delete cascade,
  created_at timestamptz not null default now(),
  primary key (tenant, key)
);

-- Stream entries that were not valid events: kept for a person to look at, never in a log.
create table poison_events (
  session_id text not null,
  stream_id text not null,
  raw text not null,
  found_at timestamptz not null default now(),
  primary key (session_id, stream_id)
);
