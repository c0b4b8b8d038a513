/** The short way: Hookline makes the endpoint at the provider with the API key of the job's source. */

import { Button, Skeleton, Stack, Text } from "@mantine/core";
import { IconWand } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import { describeError } from "../../api/client";
import type { Endpoint, ProviderInfo, Source } from "../../api/schema";
import { sentence } from "../../api/sentence";
import { ApiKeyStep } from "../../shared/apiKey/ApiKeyStep";
import parts from "../../shared/endpoint/Endpoint.module.css";
import { Unselectable } from "../../shared/endpoint/EndpointParts";
import { ManagedEndpointPanel } from "../../shared/endpoint/ManagedEndpointPanel";
import { NoAddress } from "../../shared/endpoint/NoAddress";
import { useCreateEndpoint } from "../../shared/endpoint/queries";
import { noAddressWords, otherObstacle, typesWords } from "../../shared/endpoint/words";
import { ButtonLink } from "../../shared/ui/links";
import { Problem } from "../../shared/ui/Problem";
import { Prose } from "../../shared/ui/Prose";
import { Status } from "../../shared/ui/Status";

interface EndpointSetupProps {
  jobId: string;
  source: Source;
  provider: ProviderInfo;
  query: UseQueryResult<Endpoint>;
}

export function EndpointSetup({ jobId, source, provider, query }: EndpointSetupProps) {
  const { data: endpoint, error, isFetching, refetch } = query;
  if (endpoint?.managed) {
    return (
      <div className={parts.endpoint}>
        <ManagedEndpointPanel jobId={jobId} endpoint={endpoint} managed={endpoint.managed} />
        <ApiKeyStep source={source} provider={provider} />
      </div>
    );
  }
  if (endpoint) return <Offer jobId={jobId} source={source} provider={provider} endpoint={endpoint} />;
  if (error) {
    return (
      <Stack gap="xs" align="flex-start">
        <Problem
          title={`Whether ${provider.label} can be set up from here is not known`}
          {...describeError(error)}
        />
        <Button variant="default" loading={isFetching} onClick={() => void refetch()}>
          Retry
        </Button>
      </Stack>
    );
  }
  return (
    <Stack gap="xs" aria-busy="true" aria-label="Loading" role="status">
      <Skeleton height={16} width="70%" />
      <Skeleton height={36} />
    </Stack>
  );
}

interface OfferProps {
  jobId: string;
  source: Source;
  provider: ProviderInfo;
  endpoint: Endpoint;
}

/** The key, where it will send, and the button. */
function Offer({ jobId, source, provider, endpoint }: OfferProps) {
  const create = useCreateEndpoint(jobId);
  const { wantedUrl, wantedEventTypes, obstacle } = endpoint;
  const { label } = provider;
  const noAddress = noAddressWords(endpoint);
  const other = otherObstacle(endpoint);
  return (
    <div className={parts.endpoint}>
      <Text size="sm">
        With an API key Hookline makes the endpoint at {label} by itself: the URL, the event types and the
        signing secret come out right, and follow when they change here.
      </Text>
      <ApiKeyStep source={source} provider={provider} />
      {noAddress && <NoAddress provider={label} words={noAddress} />}
      {other && (
        <div className={parts.box} data-tone="bad" role="note">
          <Text size="sm">
            <Prose>{sentence(other.message)}</Prose>
          </Text>
          {other.hint && (
            <Text size="sm" c="dimmed">
              <Prose>{other.hint}</Prose>
            </Text>
          )}
          <div>
            <ButtonLink to="/transfers/$jobId/edit" params={{ jobId }} variant="default">
              Edit job
            </ButtonLink>
          </div>
        </div>
      )}
      <Unselectable endpoint={endpoint} />
      {source.hasApiKey && (
        <>
          {wantedUrl && wantedEventTypes.length > 0 && (
            <Text size="sm" c="dimmed">
              {label} will send {typesWords(wantedEventTypes)} to{" "}
              <span className={parts.mono}>{wantedUrl}</span>.
            </Text>
          )}
          <div>
            <Button
              size="md"
              leftSection={<IconWand size={16} />}
              disabled={Boolean(obstacle)}
              loading={create.isPending}
              onClick={() => create.mutate()}
            >
              {create.isError ? "Try again" : `Set it up at ${label}`}
            </Button>
          </div>
        </>
      )}
      <div aria-live="polite">
        {create.isPending && <Status tone="busy">{`The endpoint is being made at ${label}…`}</Status>}
      </div>
      {create.isError && !create.isPending && (
        <Problem title={`It was not set up at ${label}`} {...describeError(create.error)} />
      )}
    </div>
  );
}
