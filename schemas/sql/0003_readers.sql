-- Who may read. Nobody but the owner and the members of evaluation_reader sees a row, also where a database grants new
-- tables to everybody, as Supabase does for its web API.
do $$
begin
    if not exists (select 1 from pg_roles where rolname = 'evaluation_reader') then
        create role evaluation_reader nologin;
    end if;
exception
    -- Another database of the same server was a moment faster.
    when duplicate_object or unique_violation then
        null;
    when insufficient_privilege then
        raise exception 'the role evaluation_reader is missing and % may not create it', current_user
            using
                errcode = 'insufficient_privilege',
                hint = 'let an administrator run: create role evaluation_reader nologin';
end
$$;

alter table evaluation_log enable row level security;
alter table evaluation_log_places enable row level security;

create policy evaluation_reader_reads on evaluation_log for select to evaluation_reader using (true);
create policy evaluation_reader_reads on evaluation_log_places for select to evaluation_reader using (true);

revoke all on evaluation_log, evaluation_log_places from public;
grant select on
    evaluation_log,
    evaluation_log_places,
    current_evaluations,
    accuracy_by_model,
    calibration,
    open_predictions
to evaluation_reader;
