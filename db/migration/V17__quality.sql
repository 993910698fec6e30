-- The figures that a list of results shows, of its report: the worst of its evaluation files, and sizes. JSON, as JobView.Quality.
ALTER TABLE job_output ADD COLUMN quality text;

UPDATE job_output o
   SET quality = (SELECT json_strip_nulls(json_build_object(
                             'klMean', max((e ->> 'klMean')::float8),
                             'pplRatio', max((e ->> 'pplCompressed')::float8 / nullif((e ->> 'pplOriginal')::float8, 0)),
                             'top1', min((e ->> 'top1')::float8),
                             'sourceBytes', (r.report::jsonb -> 'sizes' ->> 'sourceBytes')::bigint,
                             'outputBytes', (r.report::jsonb -> 'sizes' ->> 'outputBytes')::bigint))::text
                    FROM jsonb_array_elements(r.report::jsonb -> 'evaluations') e)
  FROM job_report r
 WHERE r.job_id = o.job_id AND r.position = o.position;
