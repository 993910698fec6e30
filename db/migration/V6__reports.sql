-- quern-report.json of a job that reached its gate, as it stands beside the output.
CREATE TABLE job_report (
    job_id     uuid PRIMARY KEY REFERENCES job (id),
    report     text NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now()
);
