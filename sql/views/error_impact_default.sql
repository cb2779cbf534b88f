-- What each error group cost each journey, with default settings. One row is a journey and a group.
-- Losses are expected less observed, so harm is positive; what cannot be estimated is NULL with a warning. All data
-- count, up to the newest time of logs, spans and events; error_impact() takes a journey, a period and more.
SELECT * FROM error_impact()
