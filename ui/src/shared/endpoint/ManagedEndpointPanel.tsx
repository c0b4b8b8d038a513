/** An endpoint that Hookline made at the provider: how it stands, and what can be done about it. */

import { Button, Group, Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import { IconRefresh, IconTrash } from "@tabler/icons-react";
import { describeError } from "../../api/client";
import type { Endpoint, ManagedEndpoint } from "../../api/schema";
import { Callout } from "../ui/Callout";
import { ButtonLink } from "../ui/links";
import { Problem } from "../ui/Problem";
import { Status } from "../ui/Status";
import classes from "./Endpoint.module.css";
import { EndpointFacts, EndpointStatus, EndpointTrouble, Unselectable } from "./EndpointParts";
import { NoAddress } from "./NoAddress";
import { useCheckEndpoint, useMendEndpoint, useRemoveEndpoint } from "./queries";
import { endpointSentence, noAddressWords, removalLoss } from "./words";

interface ManagedEndpointPanelProps {
  jobId: string;
  endpoint: Endpoint;
  managed: ManagedEndpoint;
}

export function ManagedEndpointPanel({ jobId, endpoint, managed }: ManagedEndpointPanelProps) {
  const check = useCheckEndpoint(jobId);
  const mend = useMendEndpoint(jobId);
  const remove = useRemoveEndpoint(jobId);
  const { providerLabel: provider } = endpoint;
  // What came of one thing is old once another is tried.
  const only = (mutation: typeof check | typeof remove) => {
    for (const each of [check, mend, remove]) if (each !== mutation && !each.isPending) each.reset();
    mutation.mutate();
  };
  const confirmRemoval = () =>
    modals.openConfirmModal({
      title: `Remove the endpoint at ${provider}?`,
      children: <Text size="sm">{removalLoss(provider)}</Text>,
      closeButtonProps: { "aria-label": "Close" },
      labels: { confirm: `Remove at ${provider}`, cancel: "Keep" },
      confirmProps: { color: "red", "data-autofocus": true },
      onConfirm: () => only(remove),
    });
  const noAddress = noAddressWords(endpoint);
  const isBegun = managed.status === "creating";
  return (
    <div className={classes.endpoint}>
      <EndpointStatus managed={managed}>{endpointSentence(endpoint, managed)}</EndpointStatus>
      <EndpointTrouble
        endpoint={endpoint}
        managed={managed}
        isMending={mend.isPending}
        onMend={() => only(mend)}
      />
      {noAddress && <NoAddress provider={provider} words={noAddress} />}
      {endpoint.obstacle?.code === "api_key_missing" && (
        <Callout tone="wait" roomy role="note">
          <Text size="sm">
            The job's source has no API key any more: Hookline can neither check this endpoint nor change it.
          </Text>
          <div>
            <ButtonLink to="/transfers/$jobId/edit" params={{ jobId }} variant="default">
              Enter a key
            </ButtonLink>
          </div>
        </Callout>
      )}
      <Unselectable endpoint={endpoint} />
      <EndpointFacts managed={managed} />
      <Group gap="xs">
        {!isBegun && (
          <Button
            variant="default"
            leftSection={<IconRefresh size={14} />}
            loading={check.isPending}
            onClick={() => only(check)}
          >
            Check now
          </Button>
        )}
        <Button
          variant="outline"
          color="red"
          leftSection={<IconTrash size={14} />}
          loading={remove.isPending}
          onClick={confirmRemoval}
        >
          {`Remove at ${provider}…`}
        </Button>
      </Group>
      <div aria-live="polite">
        {check.isSuccess && managed.drift.length === 0 && (
          <Status tone="ok">{`${provider} says: all is as it should be`}</Status>
        )}
        {mend.isSuccess && managed.drift.length === 0 && <Status tone="ok">It is in line again</Status>}
      </div>
      {check.isError && <Problem title={`${provider} could not be asked`} {...describeError(check.error)} />}
      {mend.isError && <Problem title="It was not brought into line" {...describeError(mend.error)} />}
      {remove.isError && <Problem title="It was not removed" {...describeError(remove.error)} />}
    </div>
  );
}
