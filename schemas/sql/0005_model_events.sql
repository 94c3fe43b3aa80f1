-- The log also keeps what becomes of models besides promotions and reinforcement.
alter table evaluation_log
drop constraint evaluation_log_event_type_check,
add constraint evaluation_log_event_type_check check (
    event_type in (
        'prediction', 'evaluation', 'correction', 'training', 'reinforcement', 'promotion', 'model', 'alert', 'repair',
        'reconciliation'
    )
);

-- What happened last, in all competitions: the live view's first look at the log.
create index evaluation_log_by_time on evaluation_log (event_time desc);
