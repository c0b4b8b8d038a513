/** What is shown of an endpoint, piece by piece. */

import { Button, Code, Text } from "@mantine/core";
import { IconTool } from "@tabler/icons-react";
import { useState } from "react";
import type { Endpoint, ManagedEndpoint } from "../../api/schema";
import { sentence } from "../../api/sentence";
import { Callout } from "../ui/Callout";
import { CopyButton } from "../ui/CopyButton";
import { Fact } from "../ui/Fact";
import { Linked } from "../ui/Linked";
import { Status, type Tone } from "../ui/Status";
import { Time } from "../ui/Time";
import classes from "./Endpoint.module.css";
import { DRIFT_WORDS, endpointState, isHarmed, MODE_WORDS, mendWords } from "./words";

/** Id, mode, address, types, and when the provider was last asked. */
export function EndpointFacts({ managed }: { managed: ManagedEndpoint }) {
  const { providerEndpointId, mode, url, createdAt, checkedAt } = managed;
  return (
    <dl className={classes.facts}>
      {providerEndpointId && (
        <Fact term="Endpoint">
          <span className={classes.mono}>{providerEndpointId}</span>{" "}
          <CopyButton value={providerEndpointId} what="endpoint's id" size={22} />
        </Fact>
      )}
      {mode && <Fact term="Mode">{MODE_WORDS[mode]}</Fact>}
      <Fact term="Sends to">
        <span className={classes.mono}>{url}</span>
      </Fact>
      <Fact term="Event types">
        <Types types={managed.eventTypes} />
      </Fact>
      {managed.status !== "creating" && (
        <Fact term="Set up">
          <Time value={createdAt} />
        </Fact>
      )}
      <Fact term="Last checked">
        <Time value={checkedAt} />
      </Fact>
    </dl>
  );
}

/** So many are shown at once. */
const FEW = 12;

function Types({ types }: { types: readonly string[] }) {
  const [all, setAll] = useState(false);
  if (types.includes("*")) return "All";
  const hidden = types.length - FEW;
  const shown = all || hidden <= 1 ? types : types.slice(0, FEW);
  return (
    <>
      {types.length}
      <ul className={classes.types} aria-label="Event types that are sent" tabIndex={all ? 0 : undefined}>
        {shown.map((type) => (
          <li key={type}>
            <code>{type}</code>
          </li>
        ))}
      </ul>
      {hidden > 1 && (
        <Button variant="subtle" size="compact-xs" mt={4} aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "Show fewer" : `Show ${hidden} more`}
        </Button>
      )}
    </>
  );
}

export function EndpointStatus({ managed, children }: { managed: ManagedEndpoint; children: string }) {
  const { tone, word } = endpointState(managed);
  return (
    <div className={classes.state}>
      <span role="status">
        <Status tone={tone}>{word}</Status>
      </span>
      <Text size="sm">{children}</Text>
    </div>
  );
}

interface EndpointTroubleProps {
  endpoint: Endpoint;
  managed: ManagedEndpoint;
  isMending: boolean;
  onMend: () => void;
}

/** In what it differs, why the last change did not succeed, and the one button against both. */
export function EndpointTrouble({ endpoint, managed, isMending, onMend }: EndpointTroubleProps) {
  const { drift, trouble, status } = managed;
  if (drift.length === 0 && !trouble) return null;
  const tone: Tone = isHarmed(managed) ? "bad" : trouble ? "wait" : "ok";
  return (
    <Callout tone={tone} roomy aria-label="What is wrong">
      {drift.length > 0 && (
        <ul className={classes.drift} aria-label="Differences">
          {drift.map(({ kind, message, harmful }) => (
            <li key={kind}>
              <Status tone={harmful ? "bad" : "idle"}>{DRIFT_WORDS[kind]}</Status>
              <Text size="sm" component="div">
                <Linked>{message}</Linked>
              </Text>
            </li>
          ))}
        </ul>
      )}
      {trouble && (
        <div>
          <Text size="sm" component="div">
            <Linked>{sentence(trouble.message)}</Linked> (<Time value={trouble.since} />)
          </Text>
          {trouble.hint && (
            <Text size="sm" c="dimmed" component="div">
              <Linked>{trouble.hint}</Linked>
            </Text>
          )}
          <Text size="sm" c="dimmed">
            {trouble.retrying
              ? "Hookline tries again by itself."
              : "Hookline does not try this again until something changes, or you try it."}
          </Text>
        </div>
      )}
      <div>
        <Button
          leftSection={<IconTool size={14} />}
          variant={tone === "ok" ? "default" : "filled"}
          loading={isMending}
          onClick={onMend}
        >
          {status === "creating" ? "Try again now" : "Bring it into line"}
        </Button>
        {status !== "creating" && drift.length > 0 && (
          <Text size="xs" c="dimmed" mt={4}>
            {mendWords(managed, endpoint.providerLabel)}
          </Text>
        )}
      </div>
    </Callout>
  );
}

/** Which of the job's event types the provider cannot be told to send, and why. */
export function Unselectable({ endpoint }: { endpoint: Endpoint }) {
  const { unselectable, providerLabel } = endpoint;
  if (unselectable.length === 0) return null;
  return (
    <Callout tone="wait" roomy aria-label="Event types that cannot be selected">
      <Text size="sm">
        {unselectable.length === 1
          ? `One of this job's event types cannot be selected at ${providerLabel}, and is not sent to this endpoint:`
          : `${unselectable.length} of this job's event types cannot be selected at ${providerLabel}, and are not sent to this endpoint:`}
      </Text>
      <ul className={classes.reasons}>
        {unselectable.map(({ pattern, reason }) => (
          <li key={pattern}>
            <Code fz={12}>{pattern}</Code>{" "}
            <Text span size="sm">
              {sentence(reason)}
            </Text>
          </li>
        ))}
      </ul>
    </Callout>
  );
}
