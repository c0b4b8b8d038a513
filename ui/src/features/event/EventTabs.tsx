import { Tabs } from "@mantine/core";
import type { Destination, EventDetail, SyncJob } from "../../api/schema";
import { Contained } from "../../shared/ui/Contained";
import { AttemptsTab } from "./AttemptsTab";
import { CompareTab } from "./CompareTab";
import { DocumentTab } from "./DocumentTab";
import classes from "./Event.module.css";
import { HeadersTab } from "./HeadersTab";
import { PayloadTab } from "./PayloadTab";
import { SignatureTab } from "./SignatureTab";

export const EVENT_TABS = ["payload", "headers", "signature", "attempts", "document", "compare"] as const;
export type EventTab = (typeof EVENT_TABS)[number];

const LABELS: Record<EventTab, string> = {
  payload: "Payload",
  headers: "Headers",
  signature: "Signature",
  attempts: "Attempts",
  document: "Document",
  compare: "Compare",
};

interface EventTabsProps {
  event: EventDetail;
  job: SyncJob | undefined;
  destination: Destination | undefined;
  tab: EventTab;
  onTab: (tab: EventTab) => void;
  /** Which ones; all unless given. */
  tabs?: readonly EventTab[];
}

export function EventTabs({ event, job, destination, tab, onTab, tabs = EVENT_TABS }: EventTabsProps) {
  const shown = tabs.includes(tab) ? tab : "payload";
  const content: Record<EventTab, () => React.ReactNode> = {
    payload: () => <PayloadTab event={event} />,
    headers: () => <HeadersTab event={event} />,
    signature: () => <SignatureTab event={event} />,
    attempts: () => <AttemptsTab event={event} job={job} />,
    document: () => <DocumentTab key={event.id} event={event} destination={destination} />,
    compare: () => <CompareTab event={event} />,
  };
  return (
    <Tabs
      className={classes.tabs}
      value={shown}
      onChange={(value) => value && onTab(value as EventTab)}
      keepMounted={false}
    >
      <Tabs.List className={classes.tabList}>
        {tabs.map((each) => (
          <Tabs.Tab key={each} value={each} fz="sm" px={10}>
            {each === "attempts" && event.attempts > 1 ? `${LABELS[each]} ${event.attempts}` : LABELS[each]}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {tabs.map((each) => (
        <Tabs.Panel key={each} value={each} className={classes.panel}>
          {each === shown && (
            <Contained what={LABELS[each].toLowerCase()} resetKey={event.id}>
              {content[each]()}
            </Contained>
          )}
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
