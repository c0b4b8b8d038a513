import { CloseButton, Text } from "@mantine/core";
import { TextLink } from "../../shared/ui/links";
import { Status } from "../../shared/ui/Status";
import classes from "./OutcomeNote.module.css";
import type { Note } from "./useJobActions";

/** What became of the last action, where it was asked for. */
export function OutcomeNote({ note, jobId, onClose }: { note: Note; jobId: string; onClose: () => void }) {
  return (
    <div className={classes.note} role={note.tone === "bad" ? "alert" : "status"}>
      <div className={classes.words}>
        <Status tone={note.tone}>{note.title}</Status>
        {note.message && <Text size="sm">{note.message}</Text>}
        {note.hint && (
          <Text size="sm" c="dimmed">
            {note.hint}
          </Text>
        )}
      </div>
      {note.eventId && (
        <TextLink to="/events/$jobId/$eventId" params={{ jobId, eventId: note.eventId }} size="sm">
          Open the event
        </TextLink>
      )}
      <CloseButton size="sm" aria-label="Dismiss" onClick={onClose} />
    </div>
  );
}
