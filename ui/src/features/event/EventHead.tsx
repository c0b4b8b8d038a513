/** The top of the detail: what it is, how it stands, what can be done. */
import { Anchor, Title } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { Destination, EventDetail } from "../../api/schema";
import { sentence } from "../../api/sentence";
import { eventTone, statusWord } from "../../shared/eventStatus";
import { CopyButton } from "../../shared/ui/CopyButton";
import { Status } from "../../shared/ui/Status";
import { answerWords } from "./attempts";
import classes from "./Event.module.css";
import { ActionButton, EventToolbar } from "./EventToolbar";
import { MutationError } from "./MutationError";
import { story } from "./story";
import type { useEventActions } from "./useEventActions";

interface EventHeadProps {
  event: EventDetail;
  destination: Destination | undefined;
  doing: ReturnType<typeof useEventActions>;
  /** Right end of the first line. */
  corner?: ReactNode;
  /** Where the attempts are shown. */
  onShowAttempts?: () => void;
}

export function EventHead({ event, destination, doing, corner, onShowAttempts }: EventHeadProps) {
  const type = event.type || "Unreadable request";
  return (
    <>
      <div className={classes.titleRow}>
        <Title order={2} className={classes.title} title={type}>
          {type}
        </Title>
        {event.type && <CopyButton size={20} value={event.type} what="type" />}
        <span className={classes.spring} />
        {doing.actions
          .filter(({ id }) => id === "previous" || id === "next")
          .map((action) => (
            <ActionButton key={action.id} action={action} />
          ))}
        {corner}
      </div>
      <Status tone={eventTone(event)}>{statusWord(event)}</Status>
      <p className={classes.story}>{story(event, destination?.name)}</p>
      <Problem event={event} {...(onShowAttempts ? { onShowAttempts } : {})} />
      <EventToolbar actions={doing.actions} busy={doing.busy} />
      <MutationError title={doing.errorTitle} error={doing.error} />
    </>
  );
}

/** What went wrong last, as long as it is not mended. */
function Problem({ event, onShowAttempts }: { event: EventDetail; onShowAttempts?: () => void }) {
  if (!event.error || (event.status !== "failed" && event.status !== "rejected")) return null;
  const answer = event.history.at(-1)?.answer;
  return (
    <div className={classes.problem}>
      <IconAlertTriangle size={14} color="var(--hl-bad)" />
      <span>
        {sentence(event.error)}
        {answer && !event.error.includes(String(answer.status)) && ` (${answerWords(answer)})`}
        {answer && onShowAttempts && (
          <>
            {" "}
            <Anchor component="button" type="button" fz="sm" onClick={onShowAttempts}>
              Show the answer
            </Anchor>
          </>
        )}
      </span>
      <CopyButton size={20} value={event.error} what="error" />
    </div>
  );
}
