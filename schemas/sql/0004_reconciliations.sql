-- The log also keeps when its stores were held against each other, and what was found.
alter table evaluation_log
drop constraint evaluation_log_event_type_check,
add constraint evaluation_log_event_type_check check (
    event_type in (
        'prediction', 'evaluation', 'correction', 'training', 'reinforcement', 'promotion', 'alert', 'repair',
        'reconciliation'
    )
);
