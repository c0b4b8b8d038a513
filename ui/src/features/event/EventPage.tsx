/** One event on a page of its own: what it is at the left, what happened to it at the right. */
import { Title } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useCallback, useState } from "react";
import type { Destination, EventDetail, SyncJob } from "../../api/schema";
import { AttemptsTab } from "./AttemptsTab";
import { OperationLine } from "./DocumentTab";
import { EditAndSend } from "./EditAndSend";
import classes from "./Event.module.css";
import { AllFacts, BriefFacts } from "./EventFacts";
import { EventHead } from "./EventHead";
import { EventStates } from "./EventStates";
import { EVENT_TABS, type EventTab, EventTabs } from "./EventTabs";
import { noOperationWords } from "./operation";
import { useEvent, useJobAndDestination } from "./queries";
import { useEventActions } from "./useEventActions";
import { useEventKeys } from "./useEventKeys";
import { useEventPalette } from "./useEventPalette";

/** From this width on, there is room for two columns beside the sidebar. */
const TWO_COLUMNS = "(min-width: 1180px)";

export function EventPage() {
  const { jobId, eventId } = useParams({ strict: false }) as { jobId: string; eventId: string };
  const navigate = useNavigate();
  const query = useEvent(jobId, eventId);
  const [tab, setTab] = useState<EventTab>("payload");
  const onNavigate = useCallback(
    (job: string, event: string) =>
      void navigate({ to: "/events/$jobId/$eventId", params: { jobId: job, eventId: event } }),
    [navigate],
  );
  return (
    <EventStates query={query} onClose={() => void navigate({ to: "/events" })} closeLabel="Show all events">
      {(event) => <Shown {...{ event, tab, setTab, onNavigate }} />}
    </EventStates>
  );
}

interface ShownProps {
  event: EventDetail;
  tab: EventTab;
  setTab: (tab: EventTab) => void;
  onNavigate: (jobId: string, eventId: string) => void;
}

function Shown({ event, tab, setTab, onNavigate }: ShownProps) {
  const wide = useMediaQuery(TWO_COLUMNS, undefined, { getInitialValueInEffect: false });
  const { job, destination } = useJobAndDestination(event.jobId);
  const doing = useEventActions({ event, job, destination, onNavigate });
  useEventKeys(doing.actions);
  useEventPalette(doing.actions);

  const head = <EventHead {...{ event, destination, doing }} {...(wide ? {} : { onShowAttempts })} />;
  function onShowAttempts() {
    setTab("attempts");
  }
  const dialog = doing.editing && (
    <EditAndSend event={event} onClose={doing.stopEditing} onOpen={doing.showSent} />
  );
  if (!wide) {
    return (
      <div className={classes.pane}>
        <div className={classes.head}>
          {head}
          <BriefFacts event={event} />
        </div>
        <EventTabs {...{ event, job, destination, tab }} onTab={setTab} />
        {dialog}
      </div>
    );
  }
  return (
    <div className={classes.page}>
      <div className={classes.main}>
        <div className={classes.head}>{head}</div>
        <EventTabs {...{ event, job, destination, tab }} onTab={setTab} tabs={MAIN_TABS} />
      </div>
      <Side {...{ event, job, destination }} />
      {dialog}
    </div>
  );
}

/** The attempts stand beside. */
const MAIN_TABS = EVENT_TABS.filter((tab) => tab !== "attempts");

function Side({
  event,
  job,
  destination,
}: {
  event: EventDetail;
  job: SyncJob | undefined;
  destination: Destination | undefined;
}) {
  return (
    <aside className={classes.side} aria-label="What is known of the event">
      <section className={classes.section}>
        <Title order={2}>What happened</Title>
        <AttemptsTab event={event} job={job} />
      </section>
      {destination && destination.kind !== "http" && (
        <section className={classes.section}>
          <Title order={2}>Document</Title>
          {event.operations.length === 0
            ? noOperationWords(event)
            : event.operations.map((operation) => (
                <OperationLine
                  key={`${operation.collection} ${operation.documentId}`}
                  operation={operation}
                  destination={destination}
                />
              ))}
        </section>
      )}
      <section className={classes.section}>
        <Title order={2}>Summary</Title>
        <AllFacts event={event} />
      </section>
    </aside>
  );
}
