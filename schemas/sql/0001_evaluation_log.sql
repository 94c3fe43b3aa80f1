-- The record of every event that the service publishes: one row an event, written once.
create table evaluation_log (
    event_id uuid primary key,
    event_type text not null check (
        event_type in (
            'prediction', 'evaluation', 'correction', 'training', 'reinforcement', 'promotion', 'alert', 'repair'
        )
    ),
    event_time timestamptz not null,
    competition text,
    match_id text,
    model_id text,
    model_version integer,
    prediction_id uuid,
    supersedes uuid,
    status text,
    outcome text check (outcome in ('H', 'D', 'A')),
    confidence double precision,
    p_home double precision,
    p_draw double precision,
    p_away double precision,
    actual text check (actual in ('H', 'D', 'A')),
    hit boolean,
    log_loss double precision,
    rps double precision,
    brier double precision,
    content_hash text not null,
    kafka_topic text,
    kafka_partition integer,
    kafka_offset bigint,
    recorded_at timestamptz not null,
    metadata jsonb not null,
    seal text not null
);

comment on table evaluation_log is 'Every prediction, evaluation and alert of the service, once each';
comment on column evaluation_log.event_time is 'The moment that the event speaks of';
comment on column evaluation_log.model_id is 'The champion model, or the model that the event is about';
comment on column evaluation_log.prediction_id is 'The prediction that the event is about';
comment on column evaluation_log.supersedes is 'The event of the same kind that this one replaces';
comment on column evaluation_log.outcome is 'The champion''s favourite outcome';
comment on column evaluation_log.actual is 'How the match ended';
comment on column evaluation_log.content_hash is 'SHA-256 of the message';
comment on column evaluation_log.recorded_at is 'When the message was published';
comment on column evaluation_log.metadata is 'The whole message, with all its models';

comment on column evaluation_log.seal is 'What evaluation_log_seal() said of the row when it was written';

-- SHA-256 of all that a row says. It is taken once, on the way in: a row that somebody has changed no longer fits it.
-- Nothing in it depends on the settings of a session, such as its time zone.
create function evaluation_log_seal(entry evaluation_log) returns text
language sql stable parallel safe
as $$
    select encode(
        sha256(
            convert_to(
                jsonb_build_array(
                    entry.event_id, entry.event_type, extract(epoch from entry.event_time),
                    entry.competition, entry.match_id, entry.model_id, entry.model_version,
                    entry.prediction_id, entry.supersedes, entry.status,
                    entry.outcome, entry.confidence, entry.p_home, entry.p_draw, entry.p_away,
                    entry.actual, entry.hit, entry.log_loss, entry.rps, entry.brier,
                    entry.content_hash,
                    entry.kafka_topic, entry.kafka_partition, entry.kafka_offset,
                    extract(epoch from entry.recorded_at), entry.metadata
                )::text,
                'UTF8'
            )
        ),
        'hex'
    )
$$;

create function evaluation_log_seal_on_insert() returns trigger
language plpgsql
as $$
begin
    new.seal := evaluation_log_seal(new);
    return new;
end
$$;

create trigger evaluation_log_seal_on_insert
before insert on evaluation_log
for each row execute function evaluation_log_seal_on_insert();

create index evaluation_log_by_competition on evaluation_log (competition, event_time desc);
create index evaluation_log_by_match on evaluation_log (match_id, event_time);
create index evaluation_log_by_prediction on evaluation_log (prediction_id);
create index evaluation_log_by_superseded on evaluation_log (supersedes) where supersedes is not null;
create index evaluation_log_by_place on evaluation_log (kafka_topic, kafka_partition, kafka_offset);

-- How far each partition of a topic has been read, written in the transaction that adds its rows.
create table evaluation_log_places (
    topic text not null,
    partition integer not null,
    next_offset bigint not null,
    last_offset bigint not null,
    last_id uuid not null,
    primary key (topic, partition)
);

comment on table evaluation_log_places is 'How far the log has read each partition of a topic';
comment on column evaluation_log_places.last_id is 'The event at last_offset: another one there means another topic';
