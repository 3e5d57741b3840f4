-- An event whose time the server gave, in a message that has a name of its own: sent again, however late, it is the same event.
-- Without such a name nobody can know: a device without a clock may say the same of another press.
ALTER TABLE event ADD COLUMN message_id text;
CREATE UNIQUE INDEX event_of_message ON event (organisation_id, device_id, id, message_id) WHERE message_id IS NOT NULL;
COMMENT ON COLUMN event.message_id IS 'Name of the message, where the time is the server''s: the same event in the same message is there once';
