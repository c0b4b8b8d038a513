/** One event beside the list. */
import { Tooltip } from "@mantine/core";
import { IconArrowsMaximize } from "@tabler/icons-react";
import { type RefObject, useRef, useState } from "react";
import type { EventDetail } from "../../api/schema";
import { ActionIconLink } from "../../shared/ui/links";
import { EditAndSend } from "./EditAndSend";
import classes from "./Event.module.css";
import { BriefFacts } from "./EventFacts";
import { EventHead } from "./EventHead";
import { CloseButton, EventStates } from "./EventStates";
import { type EventTab, EventTabs } from "./EventTabs";
import { useEvent, useJobAndDestination } from "./queries";
import { useEventActions } from "./useEventActions";
import { useEventKeys } from "./useEventKeys";
import { useEventPalette } from "./useEventPalette";

interface EventDetailPaneProps {
  jobId: string;
  eventId: string;
  onClose: () => void;
  /** Shows another event. */
  onNavigate: (jobId: string, eventId: string) => void;
}

export function EventDetailPane({ jobId, eventId, onClose, onNavigate }: EventDetailPaneProps) {
  const query = useEvent(jobId, eventId);
  const scope = useRef<HTMLElement>(null);
  // Kept while one goes from event to event.
  const [tab, setTab] = useState<EventTab>("payload");
  return (
    <section
      className={classes.pane}
      ref={scope}
      tabIndex={-1}
      aria-label="Event"
      aria-busy={query.isPlaceholderData || query.isPending}
    >
      {!query.data && (
        <div className={classes.titleRow} style={{ justifyContent: "flex-end", padding: 8 }}>
          <CloseButton onClose={onClose} />
        </div>
      )}
      <EventStates query={query} onClose={onClose} closeLabel="Close">
        {(event) => <Shown {...{ event, scope, tab, setTab, onClose, onNavigate }} />}
      </EventStates>
    </section>
  );
}

interface ShownProps extends Pick<EventDetailPaneProps, "onClose" | "onNavigate"> {
  event: EventDetail;
  scope: RefObject<HTMLElement | null>;
  tab: EventTab;
  setTab: (tab: EventTab) => void;
}

function Shown({ event, scope, tab, setTab, onClose, onNavigate }: ShownProps) {
  const { job, destination } = useJobAndDestination(event.jobId);
  const doing = useEventActions({ event, job, destination, onNavigate });
  useEventKeys(doing.actions, scope);
  useEventPalette(doing.actions);
  return (
    <>
      <div className={classes.head}>
        <EventHead
          event={event}
          destination={destination}
          doing={doing}
          onShowAttempts={() => setTab("attempts")}
          corner={
            <>
              <Tooltip label="Open on a page of its own">
                <ActionIconLink
                  to="/events/$jobId/$eventId"
                  params={{ jobId: event.jobId, eventId: event.id }}
                  aria-label="Open on a page of its own"
                >
                  <IconArrowsMaximize size={14} />
                </ActionIconLink>
              </Tooltip>
              <CloseButton onClose={onClose} />
            </>
          }
        />
        <BriefFacts event={event} />
      </div>
      <EventTabs {...{ event, job, destination, tab }} onTab={setTab} />
      {doing.editing && <EditAndSend event={event} onClose={doing.stopEditing} onOpen={doing.showSent} />}
    </>
  );
}
