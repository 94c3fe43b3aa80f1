-- Views for people. They see what the one who asks may see (security_invoker), not what their owner may.

-- Evaluations that count: not replaced by a later one, of a match that was played.
create view current_evaluations with (security_invoker = true) as
select evaluation.*
from evaluation_log as evaluation
where
    evaluation.event_type in ('evaluation', 'correction')
    and evaluation.status in ('final', 'corrected')
    and not exists (
        select 1
        from evaluation_log as later
        where
            later.supersedes = evaluation.event_id
            and later.event_type = 'correction'
    );

comment on view current_evaluations is 'Evaluations of played matches that no later one replaces';

create view accuracy_by_model with (security_invoker = true) as
select
    evaluation.competition,
    score.model,
    score.version,
    count(*) as matches,
    avg(score.hit::integer) as accuracy,
    avg(score.log_loss) as log_loss,
    avg(score.rps) as rps,
    avg(score.brier) as brier,
    min(evaluation.event_time) as first_evaluated_at,
    max(evaluation.event_time) as last_evaluated_at
from current_evaluations as evaluation
cross join lateral jsonb_to_recordset(evaluation.metadata -> 'models') as score (
    model text,
    version integer,
    hit boolean,
    log_loss double precision,
    rps double precision,
    brier double precision
)
group by evaluation.competition, score.model, score.version;

comment on view accuracy_by_model is 'Mean scores of every model and version, by competition (log loss in nats)';

-- Whether what was called 30 % happened in 30 % of the cases: every probability of every outcome, in ten bins.
create view calibration with (security_invoker = true) as
select
    evaluation.competition,
    score.model,
    score.version,
    least(floor(forecast.probability * 10), 9)::integer as bin,
    count(*) as forecasts,
    avg(forecast.probability) as promised,
    avg((forecast.outcome = evaluation.actual)::integer) as happened
from current_evaluations as evaluation
cross join lateral jsonb_to_recordset(evaluation.metadata -> 'models') as score (
    model text,
    version integer,
    probabilities jsonb
)
cross join lateral (
    values
    ('H', (score.probabilities ->> 'H')::double precision),
    ('D', (score.probabilities ->> 'D')::double precision),
    ('A', (score.probabilities ->> 'A')::double precision)
) as forecast (outcome, probability)
group by evaluation.competition, score.model, score.version, bin;

comment on view calibration is 'Promised probability and how often it came true, in bins of a tenth (bin 0 is below 0.1)';

create view open_predictions with (security_invoker = true) as
select
    prediction.competition,
    prediction.match_id,
    (prediction.metadata ->> 'kickoff')::timestamptz as kickoff,
    prediction.metadata ->> 'home' as home,
    prediction.metadata ->> 'away' as away,
    prediction.event_id as prediction_id,
    prediction.event_time as as_of,
    forecast.model,
    forecast.version,
    forecast.alias,
    forecast.status,
    forecast.outcome,
    forecast.confidence,
    (forecast.probabilities ->> 'H')::double precision as p_home,
    (forecast.probabilities ->> 'D')::double precision as p_draw,
    (forecast.probabilities ->> 'A')::double precision as p_away
from evaluation_log as prediction
cross join lateral jsonb_to_recordset(prediction.metadata -> 'models') as forecast (
    model text,
    version integer,
    alias text,
    status text,
    outcome text,
    confidence double precision,
    probabilities jsonb
)
where
    prediction.event_type = 'prediction'
    and not (prediction.metadata ->> 'late')::boolean
    and not exists (
        select 1
        from evaluation_log as later
        where
            later.supersedes = prediction.event_id
            and later.event_type = 'prediction'
    )
    and not exists (
        select 1
        from evaluation_log as evaluation
        where
            evaluation.prediction_id = prediction.event_id
            and evaluation.event_type in ('evaluation', 'correction')
    );

comment on view open_predictions is 'What every model says of the matches that have no result yet';
