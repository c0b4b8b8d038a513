/** The light that turns green when the provider's first webhook arrives. */
import { Anchor, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { describeError } from "../../api/client";
import type { Event } from "../../api/schema";
import { useTests } from "../../shared/jobs/testWebhooks";
import { Status, type Tone } from "../../shared/ui/Status";
import { Time } from "../../shared/ui/Time";
import { type Arrival, arrivalOf } from "./arrival";
import { arrivalsQuery } from "./queries";
import classes from "./Setup.module.css";

interface ArrivalLightProps {
  jobId: string;
  /** Whose webhooks are waited for. */
  provider: string;
}

const LOOK: Record<Arrival["state"], { tone: Tone; word: string }> = {
  waiting: { tone: "idle", word: "Waiting" },
  arrived: { tone: "ok", word: "Arrived" },
  refused: { tone: "bad", word: "Refused" },
  tested: { tone: "wait", word: "Test arrived" },
  earlier: { tone: "idle", word: "Waiting" },
};

export function ArrivalLight({ jobId, provider }: ArrivalLightProps) {
  const [openedAt] = useState(() => Date.now());
  const { data, error } = useQuery(arrivalsQuery(jobId));
  const tests = useTests(jobId);
  if (error && !data) {
    return (
      <div className={classes.light} role="alert">
        <Status tone="bad">Not known</Status>
        <Text size="sm">Whether a webhook arrived cannot be read: {describeError(error).message}</Text>
      </div>
    );
  }
  const arrival = arrivalOf(data ?? [], { openedAt, tests: tests.ids, testingSince: tests.since });
  const { tone, word } = LOOK[arrival.state];
  return (
    <section className={classes.light} data-state={arrival.state} aria-label="Arrival">
      {/* Not the sentence: how long ago something was would be read aloud again and again. */}
      <span role="status">
        <Status tone={tone}>{word}</Status>
      </span>
      <Text size="sm" component="div">
        <Words arrival={arrival} provider={provider} />
      </Text>
    </section>
  );
}

function Words({ arrival, provider }: { arrival: Arrival; provider: string }) {
  switch (arrival.state) {
    case "waiting":
      return `The first webhook from ${provider} is waited for. This turns green when it arrives.`;
    case "earlier":
      return (
        <>
          The last one came <Time value={arrival.event.receivedAt} />: <EventLink event={arrival.event} />.
          This turns green when the next one arrives.
        </>
      );
    case "tested":
      return (
        <>
          The test webhook was received and stored: <EventLink event={arrival.event} />. The first one from{" "}
          {provider} itself is still waited for.
        </>
      );
    case "refused":
      return (
        <>
          A webhook came <Time value={arrival.event.receivedAt} />, but was refused
          {arrival.event.error ? `: ${arrival.event.error}` : ""}. Compare the signing secret with the one of{" "}
          {provider}. <EventLink event={arrival.event} />
        </>
      );
    case "arrived":
      return (
        <>
          <EventLink event={arrival.event} /> came <Time value={arrival.event.receivedAt} /> and is stored.
          The connection works.
        </>
      );
  }
}

function EventLink({ event }: { event: Event }) {
  return (
    <Anchor
      component={Link}
      to="/events"
      search={{ job: event.jobId, open: `${event.jobId}/${event.id}` } as never}
      size="sm"
      underline="always"
    >
      {event.type || "Show the request"}
    </Anchor>
  );
}
