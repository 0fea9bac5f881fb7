-- Whose session it is: a digest of the API key that opened it, `local` where no keys are asked for (and for all older rows).
alter table sessions add column tenant text not null default 'local';

-- What models were asked, added up per day and whatever tells prices apart. Holds nothing that was said.
-- A deleted session's rows lose its id and stay, because what a tenant owes does not shrink when a session is deleted; so
-- session_id is no foreign key.
create table llm_usage (
  tenant text not null,
  -- In UTC.
  day date not null,
  session_id text,
  purpose text not null,
  provider text not null,
  model text not null,
  currency text not null,
  requests bigint not null,
  -- Of requests: those whose tokens the provider did not say, and those no price was known for.
  estimated_requests bigint not null,
  unpriced_requests bigint not null,
  prompt_tokens bigint not null,
  -- Part of prompt_tokens.
  cached_tokens bigint not null,
  completion_tokens bigint not null,
  -- Of the priced requests, in millionths of the currency.
  cost_micros numeric not null,
  unique nulls not distinct (tenant, day, session_id, purpose, provider, model, currency)
);
create index llm_usage_by_session on llm_usage (session_id) where session_id is not null;

-- The last batch of each process that wrote usage, so that one sent again after an unclear answer is not counted twice.
create table llm_usage_writers (
  writer text primary key,
  batch bigint not null,
  at timestamptz not null default now()
);
